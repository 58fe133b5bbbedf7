//! descriptors
use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem};
pub(crate) fn fd_advise(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_allocate(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_close(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_datasync(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_fdstat_get(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_fdstat_set_flags(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_fdstat_set_rights(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_filestat_get(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_filestat_set_size(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_filestat_set_times(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_prestat_get(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_prestat_dir_name(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_renumber(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_seek(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_sync(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_tell(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
