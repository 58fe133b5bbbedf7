//! The sizes of cells. A cell holds one object: its header and its fields or elements.
//!
//! Small cells are multiples of the unit, so that their class is one shift away and little is lost; from there on the sizes are
//! about a quarter apart, and such that few bytes of a block are left over. What is larger gets blocks of its own.

/// Cells begin at multiples of so many bytes: the unit of an object's address, by which a reference has room for 64 GiB.
pub const UNIT: usize = 16;

/// Bytes of a block: cells of one class, or a piece of one large object.
pub(super) const BLOCK: usize = 32 << 10;

/// How many classes there are.
pub const CLASSES: usize = SMALL + MEDIUM.len();

/// Classes whose cells have 1, 2, 3 … units.
pub const SMALL: usize = 32;

/// Units of the cells of the others.
const MEDIUM: [u32; 17] =
    [40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 409, 512, 682, 1024];

/// What is known of the cells of a class.
#[derive(Clone, Copy)]
struct Cells {
    /// Bytes of a cell.
    bytes: u32,
    /// Where the last cell of a block ends.
    end: u32,
    /// A number of units is a multiple of a cell's if and only if its product with this, in 32 bits, is less than this: a division takes
    /// longer. (Lemire, Kaser and Kurz, *Faster remainder by direct computation*.)
    inverse: u32,
}

static CELLS: [Cells; CLASSES] = {
    let mut cells = [Cells { bytes: 0, end: 0, inverse: 0 }; CLASSES];
    let mut at = 0;
    while at < CLASSES {
        let units = if at < SMALL { at as u32 + 1 } else { MEDIUM[at - SMALL] };
        let bytes = units * UNIT as u32;
        let end = BLOCK as u32 / bytes * bytes;
        cells[at] = Cells { bytes, end, inverse: (u32::MAX / units).wrapping_add(1) };
        at += 1;
    }
    cells
};

/// A class of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(pub(super) u8);

impl Class {
    /// The class whose cells have room for so many bytes; `None` if only blocks have.
    pub(super) fn of(bytes: usize) -> Option<Class> {
        let units = bytes.div_ceil(UNIT).max(1);
        if units <= SMALL {
            return Some(Class((units - 1) as u8));
        }
        let at = MEDIUM.partition_point(|size| (*size as usize) < units);
        (at < MEDIUM.len()).then(|| Class((SMALL + at) as u8))
    }

    /// Its place among all classes.
    pub(super) fn index(self) -> usize {
        self.0.into()
    }

    /// Bytes of its cells.
    #[inline]
    pub(super) fn bytes(self) -> usize {
        CELLS[self.index()].bytes as usize
    }

    /// Where the last cell of a block ends.
    #[inline]
    pub(super) fn end(self) -> usize {
        CELLS[self.index()].end as usize
    }

    /// Whether a cell begins at an offset in a block, which is one of whole units.
    #[inline]
    pub(super) fn has_cell_at(self, offset: usize) -> bool {
        let Cells { end, inverse, .. } = CELLS[self.index()];
        let product = ((offset / UNIT) as u32).wrapping_mul(inverse);
        // For cells of one unit it wraps to 0.
        offset < end as usize && product <= inverse.wrapping_sub(1)
    }
}

/// The class of the cells in which an object lies whose fields or elements take `payload` bytes, and the bytes of such a cell;
/// `None` if it is too large for one.
pub fn cell_of(payload: usize) -> Option<(usize, usize)> {
    let class = Class::of(payload.checked_add(super::HEADER)?)?;
    Some((class.index(), class.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_size_is_the_least_that_holds_it() {
        let all: Vec<Class> = (0..CLASSES as u8).map(Class).collect();
        assert!(all.is_sorted_by_key(|class| class.bytes()));
        for bytes in 0..=MEDIUM[16] as usize * UNIT {
            let least = all.iter().find(|class| class.bytes() >= bytes).copied();
            assert_eq!(Class::of(bytes), least, "{bytes}");
        }
        assert_eq!(Class::of(MEDIUM[16] as usize * UNIT + 1), None);
        assert_eq!(Class::of(usize::MAX), None);
        assert_eq!(cell_of(usize::MAX), None);
    }

    /// The reservation counts on it.
    #[test]
    fn cells_and_blocks_waste_less_than_half() {
        for payload in 0..100_000 {
            let counted = etalon_gas::object_bytes(payload as u64) as usize;
            let taken = match cell_of(payload) {
                Some((class, bytes)) => bytes * BLOCK / Class(class as u8).end(),
                None => (payload + super::super::HEADER).next_multiple_of(BLOCK),
            };
            assert!(taken <= 2 * counted, "{payload}: {taken} for {counted}");
        }
    }

    #[test]
    fn cells_are_where_the_class_says() {
        for class in (0..CLASSES as u8).map(Class) {
            for offset in (0..BLOCK).step_by(UNIT) {
                let fits = offset + class.bytes() <= BLOCK;
                let begins = fits && offset.is_multiple_of(class.bytes());
                assert_eq!(class.has_cell_at(offset), begins, "{class:?} at {offset}");
            }
        }
    }
}
