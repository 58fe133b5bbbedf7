//! Allocations whose size a guest chooses. They fail as the run's host error instead of ending the process; the tidy test
//! of the harness knows every other allocation of such a kind.

use crate::fault;
use crate::stop::Stop;

/// Makes room for `more` elements behind those of a vector.
///
/// # Errors
/// [`Stop::out_of_memory`] if the host has no memory left; the vector is unchanged.
#[inline]
pub fn reserve<T>(vec: &mut Vec<T>, more: usize) -> Result<(), Stop> {
    if vec.capacity() - vec.len() >= more {
        return Ok(());
    }
    fault::may_fail().map_err(|_| Stop::out_of_memory())?;
    vec.try_reserve(more).map_err(|_| Stop::out_of_memory())
}

/// An array of one in a place of its own: a box that can fail to be had.
///
/// # Errors
/// As for [`reserve`].
pub fn alone<T>(value: T) -> Result<Box<[T; 1]>, Stop> {
    fault::may_fail().map_err(|_| Stop::out_of_memory())?;
    let mut vec = Vec::new();
    vec.try_reserve_exact(1).map_err(|_| Stop::out_of_memory())?;
    vec.push(value);
    vec.into_boxed_slice().try_into().map_err(|_| Stop::crash("one element is no array of one"))
}

/// Adds an element.
///
/// # Errors
/// As for [`reserve`].
#[inline]
pub fn push<T>(vec: &mut Vec<T>, element: T) -> Result<(), Stop> {
    reserve(vec, 1)?;
    vec.push(element);
    Ok(())
}

/// Makes a vector longer by copies of an element; never shorter.
///
/// # Errors
/// As for [`reserve`].
pub fn extend_to<T: Clone>(vec: &mut Vec<T>, len: usize, element: T) -> Result<(), Stop> {
    let more = len.saturating_sub(vec.len());
    reserve(vec, more)?;
    vec.extend(std::iter::repeat_n(element, more));
    Ok(())
}

/// A vector of what an iterator gives, which knows how much that is.
///
/// # Errors
/// As for [`reserve`].
pub fn collect<T>(items: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Stop> {
    let mut vec = Vec::new();
    reserve(&mut vec, items.len())?;
    vec.extend(items);
    Ok(vec)
}

/// Bytes of zeros. Many of them come from the system without being written.
///
/// # Errors
/// As for [`reserve`].
pub fn zeros(len: usize) -> Result<Box<[u8]>, Stop> {
    fault::may_fail().map_err(|_| Stop::out_of_memory())?;
    bytemuck::allocation::try_zeroed_slice_box(len).map_err(|()| Stop::out_of_memory())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_host_has_is_an_error() {
        let mut vec = vec![1u64];
        assert_eq!(reserve(&mut vec, usize::MAX), Err(Stop::out_of_memory()));
        assert_eq!(extend_to(&mut vec, usize::MAX / 16, 7), Err(Stop::out_of_memory()));
        assert_eq!(zeros(isize::MAX as usize), Err(Stop::out_of_memory()));
        assert_eq!(vec, [1]);
    }

    #[test]
    fn what_fits_is_there() {
        let mut vec = vec![1];
        push(&mut vec, 2).unwrap();
        extend_to(&mut vec, 4, 3).unwrap();
        extend_to(&mut vec, 2, 9).unwrap();
        assert_eq!(vec, [1, 2, 3, 3]);
        assert_eq!(collect(vec.into_iter().rev()), Ok(vec![3, 3, 2, 1]));
        assert_eq!(*zeros(3).unwrap(), [0, 0, 0]);
    }
}
