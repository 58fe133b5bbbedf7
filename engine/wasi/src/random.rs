//! random
use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem};
pub(crate) fn random_get(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
