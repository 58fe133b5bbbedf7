//! The formats: ELF, Mach-O, COFF.

use super::ObjectError;
use super::describe::{Address, Description};
use crate::compile::Machine;
use object::write::{
    MachOBuildVersion, Object, Relocation, SectionId, StandardSection, Symbol, SymbolSection,
};
use object::{
    Architecture as Processor, BinaryFormat, FileFlags, RelocationEncoding, RelocationFlags,
    RelocationKind, SectionKind, SymbolFlags, SymbolKind, SymbolScope, elf, macho,
};
use target_lexicon::{
    Aarch64Architecture, Architecture, Endianness, OperatingSystem, Riscv64Architecture, Triple,
};

/// A machine that object files are made for: x86_64 and aarch64 under Linux, macOS and Windows, riscv64 and s390x under Linux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectTarget {
    triple: Triple,
    processor: Processor,
    format: BinaryFormat,
}

impl ObjectTarget {
    /// The machine of a triple, or this one.
    ///
    /// # Errors
    /// If no object files are made for it.
    pub fn named(triple: Option<&str>) -> Result<ObjectTarget, ObjectError> {
        let here = || Some(Triple::host());
        let known = triple.map_or_else(here, |name| name.parse().ok()).and_then(ObjectTarget::of);
        known.ok_or_else(|| {
            ObjectError::UnknownTarget(
                triple.map_or_else(|| Triple::host().to_string(), str::to_owned),
            )
        })
    }

    /// Whether it is another machine than this one.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere().is_some()
    }

    fn of(triple: Triple) -> Option<ObjectTarget> {
        // Under Linux they are the machines of artefacts, with as many names.
        let triple = match triple.operating_system {
            OperatingSystem::Linux => Machine::of(&triple)?.triple().clone(),
            _ => triple,
        };
        let processor = match triple.architecture {
            Architecture::X86_64 => Processor::X86_64,
            Architecture::Aarch64(Aarch64Architecture::Aarch64) => Processor::Aarch64,
            Architecture::Riscv64(Riscv64Architecture::Riscv64gc) => Processor::Riscv64,
            Architecture::S390x => Processor::S390x,
            _ => return None,
        };
        let is_wide = matches!(triple.pointer_width(), Ok(width) if width.bytes() == 8);
        let is_common = matches!(processor, Processor::X86_64 | Processor::Aarch64);
        let format = match triple.operating_system {
            OperatingSystem::Linux => BinaryFormat::Elf,
            OperatingSystem::Darwin(_) | OperatingSystem::MacOSX(_) if is_common => {
                BinaryFormat::MachO
            }
            OperatingSystem::Windows if is_common => BinaryFormat::Coff,
            _ => return None,
        };
        is_wide.then_some(ObjectTarget { triple, processor, format })
    }

    /// Its triple, if it is another machine than this one.
    pub(super) fn elsewhere(&self) -> Option<&Triple> {
        let here = Machine::here();
        let is_here = here.is_some_and(|here| *here.triple() == self.triple);
        (!is_here && self.triple != Triple::host()).then_some(&self.triple)
    }

    pub(super) fn endianness(&self) -> Endianness {
        match self.processor {
            Processor::S390x => Endianness::Big,
            _ => Endianness::Little,
        }
    }

    /// An object file with code and a description of it, which the symbol is the name of.
    pub(super) fn write(
        &self,
        text: &[u8],
        description: &Description,
        symbol: &str,
    ) -> Result<Vec<u8>, ObjectError> {
        let endianness = match self.endianness() {
            Endianness::Little => object::Endianness::Little,
            Endianness::Big => object::Endianness::Big,
        };
        let mut object = Object::new(self.format, self.processor, endianness);
        self.say_for_what(&mut object);
        let code = object.section_id(StandardSection::Text);
        object.append_section_data(code, text, 64);
        let data = object.section_id(StandardSection::ReadOnlyDataWithRel);
        object.append_section_data(data, &description.bytes, 16);
        let (code_symbol, data_symbol) = (object.section_symbol(code), object.section_symbol(data));
        for (offset, address) in &description.addresses {
            let (symbol, addend) = match address {
                Address::Code(place) => (code_symbol, *place),
                Address::Here(place) => (data_symbol, *place),
            };
            let flags = RelocationFlags::Generic {
                kind: RelocationKind::Absolute,
                encoding: RelocationEncoding::Generic,
                size: 64,
            };
            let relocation = Relocation { offset: *offset, symbol, addend: addend as i64, flags };
            object.add_relocation(data, relocation).map_err(fault)?;
        }
        add_symbol(&mut object, data, description, symbol);
        object.write().map_err(fault)
    }

    /// What linkers ask for besides sections.
    fn say_for_what(&self, object: &mut Object<'_>) {
        match self.format {
            BinaryFormat::Elf => {
                // The stack is not executed.
                object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
                if self.processor == Processor::Riscv64 {
                    let e_flags = elf::EF_RISCV_FLOAT_ABI_DOUBLE;
                    object.flags =
                        FileFlags::Elf { os_abi: elf::ELFOSABI_NONE, abi_version: 0, e_flags };
                }
            }
            BinaryFormat::MachO => {
                let mut version = MachOBuildVersion::default();
                version.platform = macho::PLATFORM_MACOS;
                // The first for both processors: 11.0.
                version.minos = 11 << 16;
                object.set_macho_build_version(version);
            }
            _ => {}
        }
    }
}

fn add_symbol(object: &mut Object<'_>, section: SectionId, description: &Description, name: &str) {
    object.add_symbol(Symbol {
        name: name.as_bytes().to_vec(),
        value: description.head,
        size: description.bytes.len() as u64 - description.head,
        kind: SymbolKind::Data,
        scope: SymbolScope::Dynamic,
        weak: false,
        section: SymbolSection::Section(section),
        flags: SymbolFlags::None,
    });
}

fn fault(error: object::write::Error) -> ObjectError {
    ObjectError::Format(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::ObjectTarget;

    #[test]
    fn names_of_one_machine_are_one_target() {
        let named = |name: &str| ObjectTarget::named(Some(name)).unwrap();
        let here = ObjectTarget::named(None).unwrap();
        assert!(!here.is_elsewhere());
        for names in [
            ["x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu"],
            ["x86_64-redhat-linux-gnu", "x86_64-unknown-linux"],
            ["riscv64-linux-gnu", "riscv64gc-unknown-linux-gnu"],
            ["s390x-ibm-linux-gnu", "s390x-unknown-linux-gnu"],
        ] {
            let [one, other] = names.map(named);
            assert_eq!(one, other);
            assert_eq!(one.is_elsewhere(), one != here);
        }
        for name in ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"] {
            assert!(named(name).is_elsewhere() || named(name) == here, "{name}");
        }
    }

    #[test]
    fn processors_that_lack_what_code_uses_are_no_targets() {
        for name in [
            "riscv64imac-unknown-linux-gnu",
            "riscv64gc-apple-darwin",
            "x86_64-unknown-linux-gnux32",
            "nonsense",
        ] {
            assert!(ObjectTarget::named(Some(name)).is_err(), "{name}");
        }
    }
}
