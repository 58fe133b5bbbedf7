//! The functions of a store (specification: *Runtime Structure*, "Store").
//!
//! Those that an instance's module defines have addresses in a row, and what is known of each follows from the module and the
//! instance. So they are one run, which takes the same time and the same bytes however many they are. Functions of the embedder that
//! are added one after the other are a run too.

use crate::address::{FuncAddr, InstanceAddr};
use crate::executor::TierId;
use crate::func::{FuncInst, FuncKind};
use crate::host::HostFn;
use crate::room;
use crate::stop::Stop;
use etalon_module::{Module, TypeId};
use std::ops::Range;
use std::sync::Arc;

/// So many runs are searched one after the other.
const FEW: usize = 8;

/// All functions of a store, by address.
#[derive(Debug, Default)]
pub struct Funcs {
    /// In the order of their first addresses, without gaps.
    runs: Vec<Run>,
    len: u32,
}

#[derive(Debug)]
struct Run {
    first: u32,
    members: Members,
}

#[derive(Debug)]
enum Members {
    Own(Own),
    Hosts(Vec<(TypeId, Arc<HostFn>)>),
}

/// The functions that the module of an instance defines.
#[derive(Debug)]
struct Own {
    instance: InstanceAddr,
    /// How many functions the module imports: the index of the first.
    imported: u32,
    count: u32,
    module: Arc<Module>,
    /// Canonical type of every type index.
    types: Arc<[TypeId]>,
    tiers: Tiers,
    referable: Referable,
}

/// Which tier runs which function of a run.
#[derive(Clone, Debug)]
pub(crate) enum Tiers {
    All(TierId),
    Each(Vec<TierId>),
}

/// To which functions of a run there may be references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referable {
    /// To those of [`Module::referable`].
    Declared,
    /// To any: the run is of a snapshot, which may come from anywhere, or the embedder was told of one of the others.
    All,
}

/// The functions that an instance's module defines, as a tier sees them.
#[derive(Clone, Debug)]
pub struct OwnFuncs {
    /// The instance.
    pub instance: InstanceAddr,
    /// Their addresses.
    pub addresses: Range<u32>,
    /// The tier that runs all of them; `None` if some may be run by another.
    pub tier: Option<TierId>,
    /// To which of them there may be references.
    pub referable: Referable,
}

impl Own {
    /// The type of a function, by its number among them.
    #[inline]
    fn ty(&self, at: usize) -> Option<TypeId> {
        let ty = self.module.funcs.get(self.imported as usize + at)?;
        self.types.get(*ty as usize).copied()
    }

    #[inline]
    fn kind(&self, at: usize) -> Option<FuncKind<'_>> {
        let tier = match &self.tiers {
            Tiers::All(tier) if at < self.count as usize => *tier,
            Tiers::All(_) => return None,
            Tiers::Each(tiers) => *tiers.get(at)?,
        };
        let index = self.imported + at as u32;
        Some(FuncKind::Wasm { instance: self.instance, index, tier })
    }
}

impl Run {
    fn own(&self) -> Option<OwnFuncs> {
        let Members::Own(own) = &self.members else { return None };
        let tier = match own.tiers {
            Tiers::All(tier) => Some(tier),
            Tiers::Each(_) => None,
        };
        let (instance, referable) = (own.instance, own.referable);
        let addresses = self.first..self.first + own.count;
        Some(OwnFuncs { instance, addresses, tier, referable })
    }
}

impl Funcs {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The run that an address is in, and its number there.
    #[inline]
    fn find(&self, addr: FuncAddr) -> Option<(&Run, usize)> {
        // Most stores have one instance, which comes last.
        let run = match self.runs.last() {
            Some(run) if run.first <= addr.0 => run,
            _ => self.find_earlier(addr)?,
        };
        Some((run, (addr.0 - run.first) as usize))
    }

    fn find_earlier(&self, addr: FuncAddr) -> Option<&Run> {
        // A processor foresees the branches of a short search from the end.
        if self.runs.len() <= FEW {
            return self.runs.iter().rfind(|run| run.first <= addr.0);
        }
        let after = self.runs.partition_point(|run| run.first <= addr.0);
        self.runs.get(after.checked_sub(1)?)
    }

    /// The function at an address; `None` if there is none.
    #[inline]
    pub fn get(&self, addr: FuncAddr) -> Option<FuncInst<'_>> {
        Some(FuncInst { ty: self.ty(addr)?, kind: self.kind(addr)? })
    }

    /// The type of the function at an address.
    #[inline]
    pub fn ty(&self, addr: FuncAddr) -> Option<TypeId> {
        match self.find(addr)? {
            (Run { members: Members::Own(own), .. }, at) => own.ty(at),
            (Run { members: Members::Hosts(hosts), .. }, at) => hosts.get(at).map(|host| host.0),
        }
    }

    /// What the function at an address is.
    #[inline]
    pub fn kind(&self, addr: FuncAddr) -> Option<FuncKind<'_>> {
        match self.find(addr)? {
            (Run { members: Members::Own(own), .. }, at) => own.kind(at),
            (Run { members: Members::Hosts(hosts), .. }, at) => {
                hosts.get(at).map(|host| FuncKind::Host(&host.1))
            }
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = FuncInst<'_>> {
        (0..self.len).filter_map(|addr| self.get(FuncAddr(addr)))
    }

    /// Every tier that runs one of them, perhaps more than once.
    pub fn tiers(&self) -> impl Iterator<Item = TierId> {
        self.runs
            .iter()
            .flat_map(|run| match &run.members {
                Members::Own(Own { tiers: Tiers::All(tier), .. }) => std::slice::from_ref(tier),
                Members::Own(Own { tiers: Tiers::Each(tiers), .. }) => tiers,
                Members::Hosts(_) => &[],
            })
            .copied()
    }

    /// The run of the function at an address, if it is one of an instance's own.
    pub fn own(&self, addr: FuncAddr) -> Option<OwnFuncs> {
        let (run, _) = self.find(addr)?;
        run.own().filter(|own| own.addresses.contains(&addr.0))
    }

    /// The own functions of all instances.
    pub(crate) fn own_runs(&self) -> impl Iterator<Item = OwnFuncs> {
        self.runs.iter().filter_map(Run::own)
    }

    /// Whether there may be a reference to a function.
    pub fn is_referable(&self, addr: FuncAddr) -> bool {
        match self.find(addr) {
            Some((Run { members: Members::Own(own), .. }, at)) => {
                let index = own.imported + at as u32;
                own.referable == Referable::All && at < own.count as usize
                    || own.module.referable().binary_search(&index).is_ok()
            }
            _ => addr.0 < self.len,
        }
    }

    /// From now on there may be references to a function, and to all others of its instance.
    pub(crate) fn make_referable(&mut self, addr: FuncAddr) {
        let after = self.runs.partition_point(|run| run.first <= addr.0);
        let run = after.checked_sub(1).and_then(|at| self.runs.get_mut(at));
        if let Some(Run { members: Members::Own(own), .. }) = run {
            own.referable = Referable::All;
        }
    }

    /// Adds a function of the embedder.
    pub(crate) fn add_host(&mut self, ty: TypeId, host: Arc<HostFn>) -> FuncAddr {
        let first = self.len;
        self.len += 1;
        match self.runs.last_mut() {
            Some(Run { members: Members::Hosts(hosts), .. }) => hosts.push((ty, host)),
            _ => self.runs.push(Run { first, members: Members::Hosts(vec![(ty, host)]) }),
        }
        FuncAddr(first)
    }

    /// Adds the functions that the module of an instance defines; gives the address of the first.
    pub(crate) fn add_own(
        &mut self,
        instance: InstanceAddr,
        module: &Arc<Module>,
        types: &Arc<[TypeId]>,
        tiers: Tiers,
        referable: Referable,
    ) -> Result<FuncAddr, Stop> {
        let (module, types) = (Arc::clone(module), Arc::clone(types));
        let imported = module.imported_funcs;
        let count = module.funcs.len() as u32 - imported;
        let own = Own { instance, imported, count, module, types, tiers, referable };
        let first = self.len;
        let end = first.checked_add(count).ok_or_else(Stop::out_of_memory)?;
        if count > 0 {
            room::push(&mut self.runs, Run { first, members: Members::Own(own) })?;
        }
        self.len = end;
        Ok(FuncAddr(first))
    }

    /// Has a function run by a tier; gives the one that did. `None` if it is a function of the host.
    pub(crate) fn place(&mut self, addr: FuncAddr, tier: TierId) -> Result<Option<TierId>, Stop> {
        let after = self.runs.partition_point(|run| run.first <= addr.0);
        let run = after.checked_sub(1).and_then(|at| self.runs.get_mut(at));
        let Some(Run { first, members: Members::Own(own) }) = run else { return Ok(None) };
        let at = (addr.0 - *first) as usize;
        if at >= own.count as usize {
            return Ok(None);
        }
        if let Tiers::All(all) = own.tiers {
            let mut each = Vec::new();
            room::extend_to(&mut each, own.count as usize, all)?;
            own.tiers = Tiers::Each(each);
        }
        let Tiers::Each(each) = &mut own.tiers else { return Ok(None) };
        let place = each.get_mut(at);
        Ok(place.map(|place| std::mem::replace(place, tier)))
    }

    /// Takes off the functions from an address on, which is not inside of an instance's own.
    pub(crate) fn split_off(&mut self, len: usize) -> Funcs {
        let before = std::mem::replace(&mut self.len, len as u32);
        let at = self.runs.partition_point(|run| (run.first as usize) < len);
        let mut runs = self.runs.split_off(at);
        if let Some(Run { first, members: Members::Hosts(hosts) }) = self.runs.last_mut() {
            let cut = hosts.len().min(len - *first as usize);
            let rest = hosts.split_off(cut);
            if !rest.is_empty() {
                runs.insert(0, Run { first: self.len, members: Members::Hosts(rest) });
            }
        }
        Funcs { runs, len: before }
    }

    /// Puts back what was taken off.
    pub(crate) fn put_back(&mut self, tail: Funcs) {
        self.runs.extend(tail.runs);
        self.len = tail.len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_module::{Features, TypeRegistry};

    /// A module that imports one function, and defines so many.
    fn module(own: usize) -> Arc<Module> {
        let (import, own) = ("(import \"\" \"\" (func (param i64)))", "(func) ".repeat(own));
        let text = format!("(module {import} {own} (export \"\" (func 1)))");
        Arc::new(Module::new(&wat::parse_str(text).unwrap(), Features::wasm3()).unwrap())
    }

    fn host() -> Arc<HostFn> {
        Arc::new(HostFn::new("", "", |_, _| Ok(Vec::new())))
    }

    /// A host function, two of an instance, two host functions, three of another instance.
    fn funcs() -> (Funcs, TypeRegistry) {
        let (mut funcs, mut types) = (Funcs::default(), TypeRegistry::new());
        let runs = [(1, 2, Referable::Declared), (2, 3, Referable::All)];
        for (number, (hosts, own, referable)) in (0..).zip(runs) {
            let module = module(own);
            let ids: Arc<[TypeId]> = types.intern_module(&module).into();
            for _ in 0..hosts {
                funcs.add_host(ids[0], host());
            }
            let (instance, tiers) = (InstanceAddr(number), Tiers::All(TierId(1)));
            funcs.add_own(instance, &module, &ids, tiers, referable).unwrap();
        }
        (funcs, types)
    }

    /// Instance and index of each function of a module, nothing of the host's.
    fn owners(funcs: &Funcs) -> Vec<Option<(u32, u32)>> {
        let owner = |func: FuncInst<'_>| match func.kind {
            FuncKind::Wasm { instance, index, .. } => Some((instance.0, index)),
            FuncKind::Host(_) => None,
        };
        funcs.iter().map(owner).collect()
    }

    #[test]
    fn functions_have_their_addresses_in_order() {
        let (funcs, types) = funcs();
        let expected = [
            None,
            Some((0, 1)),
            Some((0, 2)),
            None,
            None,
            Some((1, 1)),
            Some((1, 2)),
            Some((1, 3)),
        ];
        assert_eq!(owners(&funcs), expected);
        assert_eq!((funcs.len(), funcs.get(FuncAddr(8)).is_none()), (8, true));
        let params = |addr| types.func(funcs.ty(FuncAddr(addr)).unwrap()).unwrap().params.len();
        assert_eq!([0, 1, 2, 3, 5].map(params), [1, 0, 0, 1, 0]);
        assert_eq!(funcs.own(FuncAddr(2)).map(|own| own.addresses), Some(1..3));
        assert!(funcs.own(FuncAddr(3)).is_none() && funcs.own(FuncAddr(8)).is_none());
        let referable = (0..9).filter(|addr| funcs.is_referable(FuncAddr(*addr)));
        assert_eq!(referable.collect::<Vec<u32>>(), [0, 1, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_is_taken_off_and_put_back_is_the_same() {
        let whole = owners(&funcs().0);
        for len in [0, 1, 3, 4, 5, 8] {
            let (mut funcs, _) = funcs();
            let tail = funcs.split_off(len);
            assert_eq!((funcs.len(), owners(&funcs)), (len, whole[..len].to_vec()));
            // Addresses are used again.
            if len == 4 {
                assert_eq!(funcs.add_host(TypeId(0), host()), FuncAddr(4));
                funcs.split_off(4);
            }
            funcs.put_back(tail);
            assert_eq!(owners(&funcs), whole);
        }
    }

    #[test]
    fn one_function_is_run_by_another_tier() {
        let (mut funcs, _) = funcs();
        assert_eq!(funcs.own(FuncAddr(1)).unwrap().tier, Some(TierId(1)));
        assert_eq!(funcs.place(FuncAddr(2), TierId(2)), Ok(Some(TierId(1))));
        assert_eq!(funcs.place(FuncAddr(2), TierId(3)), Ok(Some(TierId(2))));
        assert_eq!(funcs.place(FuncAddr(0), TierId(3)), Ok(None));
        assert_eq!(funcs.place(FuncAddr(8), TierId(3)), Ok(None));
        assert_eq!(funcs.own(FuncAddr(1)).unwrap().tier, None);
        assert_eq!(funcs.tiers().map(|tier| tier.0).collect::<Vec<u8>>(), [1, 3, 1]);
    }
}
