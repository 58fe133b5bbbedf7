//! Reading folders.

use crate::Errno;
use crate::abi::{FileType, Rights};
use crate::context::{Listing, WasiCtx};
use crate::files::{Entry, entry_bytes};
use crate::guest::{Fail, Mem, word};

/// The bytes of a `dirent` before the name.
const DIRENT: usize = 24;

/// Gives the entries from a cookie on, as many as there is room for; the last may be cut. A cookie is the place of an entry in the
/// list that the descriptor has kept since the folder was read from its beginning, so changes of the folder move none.
pub(crate) fn fd_readdir(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (fd, at, length, cookie) = (word(args[0]), word(args[1]), word(args[2]), args[3]);
    mem.check(word(args[4]), 4, 4)?;
    mem.check(at, length.into(), 1)?;
    let descriptor = ctx.fds.get(fd)?;
    descriptor.folder_with(Rights::FD_READDIR)?;
    if cookie == 0 || descriptor.listing.is_none() {
        list(ctx, mem, fd)?;
    }
    let listing = ctx.fds.get(fd)?.listing.as_ref().ok_or(Errno::Io)?;
    let filled = fill(listing, length as usize, cookie)?;
    mem.put(at, &filled)?;
    Ok(mem.put_u32(word(args[4]), u32::try_from(filled.len()).map_err(|_| Errno::Overflow)?)?)
}

/// Reads the folder from its beginning.
fn list(ctx: &mut WasiCtx, mem: &mut Mem<'_>, fd: u32) -> Result<(), Fail> {
    let room = ctx.limits.listings.saturating_sub(ctx.fds.listed(fd));
    let folder = ctx.fds.get(fd)?.folder()?;
    let own = folder.stat()?;
    let mut entries = match folder.entries(room) {
        Err(Errno::Nobufs) => {
            // So much was read for nothing, and a guest may try as often as it likes.
            mem.declare(room)?;
            return Err(Errno::Nobufs.into());
        }
        entries => entries?,
    };
    let bytes = entries.iter().map(|entry| entry_bytes(&entry.name)).sum();
    // What the guest reads may be less, but the folder was read as a whole.
    mem.declare(entries.iter().map(|entry| (DIRENT + entry.name.len()) as u64).sum())?;
    if ctx.policy.is_deterministic() {
        entries.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let inode = ctx.number((own.device, own.inode), own.links > 0)?;
    // The numbers are found now: once something is removed, the host may give its number to something else.
    for entry in &mut entries {
        entry.inode = ctx.number((entry.device, entry.inode), true)?;
    }
    // What is above the folder is none of the guest's business.
    let dots = [".", ".."].map(|name| Entry {
        name: name.to_owned(),
        device: own.device,
        inode,
        file_type: FileType::Directory as u8,
    });
    entries.splice(0..0, dots);
    ctx.fds.get_mut(fd)?.listing = Some(Listing { entries, bytes });
    Ok(())
}

/// The bytes of the entries from a cookie on.
fn fill(listing: &Listing, length: usize, cookie: u64) -> Result<Vec<u8>, Errno> {
    let first = usize::try_from(cookie).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    for (at, entry) in listing.entries.iter().enumerate().skip(first) {
        if bytes.len() >= length {
            break;
        }
        let name = u32::try_from(entry.name.len()).map_err(|_| Errno::Overflow)?;
        bytes.extend_from_slice(&(at as u64 + 1).to_le_bytes());
        bytes.extend_from_slice(&entry.inode.to_le_bytes());
        bytes.extend_from_slice(&name.to_le_bytes());
        bytes.extend_from_slice(&[entry.file_type, 0, 0, 0]);
        bytes.extend_from_slice(entry.name.as_bytes());
    }
    bytes.truncate(length);
    Ok(bytes)
}
