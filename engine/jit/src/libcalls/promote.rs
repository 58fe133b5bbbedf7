//! Code that counts asks what to do when its count has run out.

use super::Guest;
use etalon_runtime::Stop;

routines! {
    /// A function was entered, and has turned loops, as often as was said; gives how many more are to be counted, at least one.
    ask(index, b, c, d, e) = |g: Guest<'_>| {
        let inst = g.store.instance(g.instance);
        let func = inst.func(index as u32);
        match func.zip(inst.promoter.clone()) {
            Some((func, promoter)) => Ok(promoter.ask(g.store, func, None)?.count.max(1).into()),
            None => Err(Stop::crash("a function was counted and nobody is to be asked")),
        }
    };
}
