//! paths
use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem};
pub(crate) fn path_create_directory(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_filestat_get(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_filestat_set_times(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_link(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_open(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_readlink(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_remove_directory(
    _: &mut WasiCtx,
    _: &mut Mem<'_>,
    _: &[u64],
) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_rename(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_symlink(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn path_unlink_file(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
