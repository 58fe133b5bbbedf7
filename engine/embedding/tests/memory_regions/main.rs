//! Regions of memories: what they forbid, on every tier, and what the embedder sees of them.

mod accesses;
mod bulk;
mod host;
mod life;

use etalon::{
    Config, Engine, Error, ForbiddenAccess, Instance, Memory, Module, Protection, Site, Store,
    Tier, TierUp, Trap, Val, unstable,
};

const TIERS: [Tier; 5] = [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto];
const PROTECTIONS: [Protection; 2] = [Protection::ReadOnly, Protection::Inaccessible];

fn engine(tier: Tier) -> Engine {
    let mut config = Config::new();
    config.tier(tier).tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
    Engine::new(config.memory_regions(true).consume_fuel(true)).unwrap()
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
enum Ended {
    Returned(Vec<String>),
    Trapped(Trap),
    /// A region forbade an access.
    Forbidden(String),
    Other(String),
}

fn forbidden(name: &str) -> Ended {
    Ended::Forbidden(name.to_owned())
}

/// What is to be seen of an error.
fn ended(error: &Error) -> Ended {
    let region = error.downcast_ref::<ForbiddenAccess>();
    match (error.downcast_ref(), region) {
        (Some(Trap::ForbiddenAccess), Some(access)) => {
            assert_eq!(
                error.to_string(),
                format!("forbidden access to region {}", access.region())
            );
            forbidden(access.region())
        }
        (Some(trap), None) => Ended::Trapped(*trap),
        _ => Ended::Other(format!("{error:?}")),
    }
}

/// An instance with its memory.
struct Guest {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

/// What is compared of a call: how it ended and where, the gas that it took, and the state after it.
type Seen = (Ended, Option<Site>, u64, String);

impl Guest {
    /// An instance of a module whose protected memory is exported as `memory`.
    fn new(tier: Tier, wat: &str) -> Guest {
        let engine = engine(tier);
        let module = Module::new(&engine, wat).unwrap_or_else(|e| panic!("{tier}: {e}"));
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        Guest { store, instance, memory }
    }

    fn call(&mut self, name: &str, args: &[Val]) -> Seen {
        let func = self.instance.get_func(&self.store, name).unwrap();
        let results = func.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); results];
        let before = self.store.fuel_consumed().unwrap();
        let called = func.call(&mut self.store, args, &mut results);
        let (end, site) = match called {
            Ok(()) => (Ended::Returned(results.iter().map(|v| format!("{v:?}")).collect()), None),
            Err(error) => (ended(&error), error.downcast_ref().copied()),
        };
        let gas = self.store.fuel_consumed().unwrap() - before;
        (end, site, gas, self.digest())
    }

    fn digest(&self) -> String {
        unstable::digest(&self.store).memories
    }
}
