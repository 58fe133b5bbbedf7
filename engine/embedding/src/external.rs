//! What can be imported and exported.

use crate::context::AsContext;
use crate::error::WrongStore;
use crate::func::Func;
use crate::global::Global;
use crate::memory::Memory;
use crate::table::Table;
use crate::tag::Tag;
use crate::types::ExternType;
use etalon_runtime::{Extern as RawExtern, Store as State};

/// Something of a store that can be imported and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A tag.
    Tag(Tag),
}

/// What an instance exports under a name.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    name: &'a str,
    item: Extern,
}

/// Conversions from and to each kind.
macro_rules! kinds {
    ($($kind:ident $into:ident $what:literal;)*) => {
        $(
            impl From<$kind> for Extern {
                fn from(item: $kind) -> Extern {
                    Extern::$kind(item)
                }
            }
        )*

        impl Extern {
            $(
                #[doc = concat!("The ", $what, ", if it is one.")]
                pub fn $into(self) -> Option<$kind> {
                    match self {
                        Extern::$kind(item) => Some(item),
                        _ => None,
                    }
                }
            )*

            pub(crate) fn of(state: &State, item: RawExtern) -> Extern {
                match item {
                    $(RawExtern::$kind(addr) => $kind::of(state, addr).into(),)*
                }
            }

            pub(crate) fn find(self, state: &State) -> Result<RawExtern, WrongStore> {
                Ok(match self {
                    $(Extern::$kind(item) => RawExtern::$kind(item.0.find(state)?),)*
                })
            }
        }

        impl Export<'_> {
            $(
                #[doc = concat!("The ", $what, ", if it is one.")]
                pub fn $into(self) -> Option<$kind> {
                    self.item.$into()
                }
            )*
        }
    };
}

kinds! {
    Func into_func "function";
    Global into_global "global";
    Table into_table "table";
    Memory into_memory "memory";
    Tag into_tag "tag";
}

impl Extern {
    /// Its type, with the present size of a memory or a table as the least.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        let state = store.as_context().state;
        match self.find(state) {
            Ok(item) => ExternType::of_store(state, state.type_of(item)),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<'a> Export<'a> {
    pub(crate) fn new(name: &'a str, item: Extern) -> Export<'a> {
        Export { name, item }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What it is.
    pub fn into_extern(self) -> Extern {
        self.item
    }
}
