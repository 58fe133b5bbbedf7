//! What the memories of a module's instances begin with, made once for all of them.
//!
//! Active data segments at constant offsets that fit give each instance the same bytes. From the second instance on they lie in an
//! image, which a memory shows from its first moment, and to copy the segments is to pay for them. Whatever does not end well is done
//! again as the specification says it, one segment after the other.

use crate::instance::InstanceInst;
use crate::memory::Image;
use crate::room;
use crate::segment::Dropped;
use crate::stop::Stop;
use crate::store::Store;
use etalon_gas::Rate;
use etalon_module::{ConstOp, Data, DataMode, Module};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// Fewer bytes, in fewer segments, are copied in less time than an image is shown and its pages are touched.
const LEAST_BYTES: usize = 16 << 10;
const LEAST_SEGMENTS: usize = 256;

/// An image may have so many zeros for each byte of a segment, and so many more.
const SPARSE: usize = 4;
const GAP: usize = 1 << 20;

/// What instances of one module share.
#[derive(Default)]
pub struct Initial {
    /// Whether one was made.
    begun: AtomicBool,
    images: OnceLock<Option<Images>>,
}

/// What all active segments write.
struct Images {
    /// By memory.
    memories: Box<[Option<Arc<Image>>]>,
    /// The active segments.
    active: Dropped,
    /// How many they are.
    segments: u64,
    /// How many granules of a rate they have.
    granules: OnceLock<(Rate, u64)>,
}

impl Initial {
    /// For a module that no instance was made of.
    pub fn new() -> Arc<Initial> {
        Arc::default()
    }

    /// The images for one more instance. The first gets none: many modules have no second one.
    fn images(&self, module: &Module) -> Option<&Images> {
        if !self.begun.swap(true, Relaxed) {
            return None;
        }
        self.images.get_or_init(|| Images::of(module)).as_ref()
    }

    /// The image for a memory of one more instance.
    pub(crate) fn image(&self, module: &Module, memory: usize) -> Option<&Arc<Image>> {
        self.images(module)?.memories.get(memory)?.as_ref()
    }
}

impl fmt::Debug for Initial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_shown = self.images.get().is_some_and(Option::is_some);
        f.debug_struct("Initial").field("is_shown", &is_shown).finish_non_exhaustive()
    }
}

impl Images {
    /// `None` if the segments need not write the same each time, or an image is not worth while or not to be had.
    fn of(module: &Module) -> Option<Images> {
        let mut places: Vec<(usize, Range<usize>, &Data)> = Vec::new();
        for data in &module.datas {
            if let DataMode::Active { memory, offset } = &data.mode {
                let own = *memory >= module.imported_memories;
                let ty = module.memories.get(*memory as usize).filter(|ty| own && !ty.shared)?;
                let start = match *offset.0 {
                    [ConstOp::I32Const(at)] => u64::from(at as u32),
                    [ConstOp::I64Const(at)] => at as u64,
                    _ => return None,
                };
                let end = start.checked_add(data.range.len() as u64)?;
                let size = ty.limits.min.checked_shl(u32::from(ty.page_size_log2))?;
                if end > size {
                    return None;
                }
                let range = usize::try_from(start).ok()?..usize::try_from(end).ok()?;
                places.push((*memory as usize, range, data));
            }
        }
        let bytes: usize = places.iter().map(|(_, range, _)| range.len()).sum();
        if bytes < LEAST_BYTES && places.len() < LEAST_SEGMENTS {
            return None;
        }
        let memories: Option<Box<[_]>> =
            (0..module.memories.len()).map(|memory| image(module, memory, &places)).collect();
        Some(Images {
            memories: memories?,
            active: Dropped::active(module).ok()?,
            segments: places.len() as u64,
            granules: OnceLock::new(),
        })
    }

    /// What instantiation costs of which the segments are: the operators of their offsets, and their bytes.
    fn gas(&self, store: &Store, module: &Module) -> u128 {
        let prices = store.schedule().instantiation();
        let rate = prices.data_bytes;
        let count = || -> u64 {
            let active = module.datas.iter().filter(|d| matches!(d.mode, DataMode::Active { .. }));
            active.map(|data| rate.granules(data.range.len() as u64)).sum()
        };
        // All stores of an engine have one schedule.
        let (known, granules) = *self.granules.get_or_init(|| (rate, count()));
        let granules = if known == rate { granules } else { count() };
        let offsets = u128::from(prices.const_operator) * u128::from(self.segments);
        offsets + u128::from(rate.weight) * u128::from(granules)
    }
}

/// The image of one memory; `None` inside if no segment writes to it, `None` outside if there is no image of what they write.
fn image(
    module: &Module,
    memory: usize,
    places: &[(usize, Range<usize>, &Data)],
) -> Option<Option<Arc<Image>>> {
    let own = || places.iter().filter(|(of, range, _)| *of == memory && !range.is_empty());
    let Some(start) = own().map(|(_, range, _)| range.start).min() else { return Some(None) };
    let end = own().map(|(_, range, _)| range.end).max()?;
    let bytes: usize = own().map(|(_, range, _)| range.len()).sum();
    if end - start > bytes.saturating_mul(SPARSE).saturating_add(GAP) {
        return None;
    }
    let mut content = Vec::new();
    room::extend_to(&mut content, end - start, 0).ok()?;
    // A later one overwrites an earlier one.
    for (_, range, data) in own() {
        let to = content.get_mut(range.start - start..range.end - start)?;
        to.copy_from_slice(module.bytes().get(data.range.clone())?);
    }
    Image::new(start, &content).map(Some)
}

/// Copies all active data segments at once, if the memories show what they write. Otherwise nothing has happened.
pub(crate) fn write(store: &mut Store, inst: &InstanceInst) -> Result<bool, Stop> {
    let Some(images) = inst.initial.as_ref().and_then(|initial| initial.images.get()?.as_ref())
    else {
        return Ok(false);
    };
    let shown = images.memories.iter().zip(&inst.memories).all(|(image, addr)| {
        let memory = &store.memories[addr.index()];
        image.as_ref().is_none_or(|image| memory.shows(image) && memory.regions().is_empty())
    });
    let gas = images.gas(store, &inst.module);
    if !shown || !store.can_pay(gas) {
        return Ok(false);
    }
    store.charge(gas)?;
    store.datas.set_dropped(inst.first_data, &images.active);
    Ok(true)
}

/// Makes some memories of an instance as they are before segments are copied, if they show more.
pub(crate) fn hide(
    store: &mut Store,
    inst: &InstanceInst,
    memories: Range<usize>,
) -> Result<(), Stop> {
    let images = inst.initial.as_ref().and_then(|initial| initial.images.get()?.as_ref());
    let all = images.iter().flat_map(|images| images.memories.iter().zip(&inst.memories));
    for (image, addr) in all.take(memories.end).skip(memories.start) {
        let memory = &mut store.memories[addr.index()];
        if image.as_ref().is_some_and(|image| memory.shows(image)) {
            memory.hide_image().map_err(|_| Stop::out_of_memory())?;
        }
    }
    Ok(())
}
