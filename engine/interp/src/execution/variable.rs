//! Moves between slots, and parametric, variable, table and reference instructions.

use super::flow::{Flow, Handler, Handlers, Running, Slots, next, pay};
use super::slots::{get, get_vector, set, set_vector};
use crate::program::Step;
use etalon_runtime::{Ref, Trap};

/// Nothing.
pub(crate) fn nop() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let _ = this;
    })
}

/// A constant of 32 bits.
pub(crate) fn constant() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set(slots, this.x, this.z);
    })
}

/// A constant of 64 bits, which is in the step behind.
pub(crate) fn constant_wide() -> Handler {
    let [handler, _] = handlers!(|cx, this, code, slots, memory| {
        let [_, rest @ ..] = code else { return cx.lost(code) };
        let [data, ..] = rest else { return cx.lost(code) };
        set(slots, this.x, data.word());
        next(cx, rest, slots, memory)
    });
    handler
}

/// `local.get`, `local.set`, `local.tee`
pub(crate) fn copy() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set::<u64>(slots, this.x, get(slots, this.y));
    })
}

/// The same for a vector.
pub(crate) fn copy_vector() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set_vector(slots, this.x, get_vector(slots, this.y));
    })
}

/// Two slots from beyond the window.
pub(crate) fn fetch() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        match cx.frame_from(this.z) {
            Some([low, high, ..]) => {
                let value = u128::from(low.get()) | u128::from(high.get()) << 64;
                set_vector(slots, this.x, value);
            }
            _ => return cx.beyond_frame(code),
        }
    })
}

/// A slot to beyond the window.
pub(crate) fn put() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        match cx.frame_from(this.z) {
            Some([slot, ..]) => slot.set(get(slots, this.x)),
            _ => return cx.beyond_frame(code),
        }
    })
}

/// `select`: the first operand is in the slot of the result.
pub(crate) fn select() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let [first, second] = [get(slots, this.x), get(slots, this.y)];
        set::<u64>(slots, this.x, if get(slots, this.b()) { first } else { second });
    })
}

/// `select` of vectors.
pub(crate) fn select_vector() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        if !get::<bool>(slots, this.b()) {
            set_vector(slots, this.x, get_vector(slots, this.y));
        }
    })
}

/// `global.get`
pub(crate) fn global_get() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(global) = cx.globals.get(this.z as usize) else { return cx.lost(code) };
        set(slots, this.x, global.slots()[0]);
    })
}

/// `global.get` of a vector.
pub(crate) fn global_get_vector() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(global) = cx.globals.get(this.z as usize) else { return cx.lost(code) };
        let [low, high] = global.slots();
        set_vector(slots, this.x, u128::from(low) | u128::from(high) << 64);
    })
}

/// `global.set`
pub(crate) fn global_set() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(global) = cx.globals.get(this.z as usize) else { return cx.lost(code) };
        global.set_slots([get(slots, this.x), 0]);
    })
}

/// `global.set` of a vector.
pub(crate) fn global_set_vector() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(global) = cx.globals.get(this.z as usize) else { return cx.lost(code) };
        let value = get_vector(slots, this.x);
        global.set_slots([value as u64, (value >> 64) as u64]);
    })
}

/// `table.get`
pub(crate) fn table_get() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(table) = cx.tables.get(this.z as usize) else { return cx.lost(code) };
        match table.get(get(slots, this.y)) {
            Some(value) => set(slots, this.x, value.to_bits()),
            None => return cx.trap(code, Trap::TableOutOfBounds),
        }
    })
}

/// `table.set`
pub(crate) fn table_set() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(table) = cx.tables.get_mut(this.z as usize) else { return cx.lost(code) };
        let Some(value) = Ref::from_bits(get(slots, this.y)) else {
            return cx.crash(code, "a word that is no reference");
        };
        if table.set(get(slots, this.x), value).is_none() {
            return cx.trap(code, Trap::TableOutOfBounds);
        }
    })
}

/// `ref.is_null`
pub(crate) fn ref_is_null() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set(slots, this.x, get::<u64>(slots, this.y) == Ref::NULL.to_bits());
    })
}

/// Takes gas where control falls through into a gas segment.
pub(crate) fn charge() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let [_, rest @ ..] = code else { return cx.lost(code) };
        if CHARGES {
            return pay(cx, this.word(), rest, slots, memory);
        }
        next(cx, code, slots, memory)
    })
}
