//! Stands in for address space where none can be mapped (Miri): plain bytes, which only the oracle
//! may use.

/// No image is ever made here.
#[derive(Debug)]
pub(crate) enum Image {}

impl Image {
    pub(crate) fn new(_: usize, _: &[u8]) -> Option<std::sync::Arc<Image>> {
        None
    }
}

/// Bytes that grow in place of a reservation.
#[derive(Debug)]
pub(crate) struct Reservation {
    bytes: Vec<u8>,
    reserved: usize,
}

impl Reservation {
    pub(crate) fn none() -> Reservation {
        Reservation { bytes: Vec::new(), reserved: 0 }
    }

    pub(crate) fn new(reserved: usize) -> std::io::Result<Reservation> {
        Ok(Reservation { bytes: Vec::new(), reserved })
    }

    pub(crate) fn show(&mut self, _: &std::sync::Arc<Image>) -> std::io::Result<()> {
        Err(std::io::Error::other("no images are shown here"))
    }

    pub(crate) fn hide(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn shows(&self, _: &std::sync::Arc<Image>) -> bool {
        false
    }

    pub(crate) fn shown(&self) -> std::ops::Range<usize> {
        0..0
    }

    pub(crate) fn commit(&mut self, usable: usize) -> std::io::Result<()> {
        if usable > self.reserved {
            return Err(std::io::Error::other("growth beyond the reservation"));
        }
        let more = usable.saturating_sub(self.bytes.len());
        self.bytes.try_reserve(more).map_err(std::io::Error::other)
    }

    pub(crate) fn grow(&mut self, usable: usize) -> std::io::Result<()> {
        self.commit(usable)?;
        let usable = usable.max(self.bytes.len());
        self.bytes.resize(usable, 0);
        Ok(())
    }

    pub(crate) fn is_ahead(&self) -> bool {
        false
    }

    pub(crate) fn withdraw(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn renew(&mut self, usable: usize) -> std::io::Result<()> {
        self.bytes.truncate(usable);
        self.bytes.fill(0);
        Ok(())
    }

    pub(crate) fn vacate(&mut self, _: usize) -> std::io::Result<()> {
        self.renew(0)
    }

    pub(crate) fn is_of(&self, reserved: usize) -> bool {
        reserved == self.reserved
    }

    pub(crate) fn clear(&mut self, bytes: std::ops::Range<usize>) -> std::io::Result<()> {
        let part = self.bytes.get_mut(bytes);
        part.ok_or_else(|| std::io::Error::other("beyond what is usable"))?.fill(0);
        Ok(())
    }

    pub(crate) fn reserved(&self) -> usize {
        self.reserved
    }

    pub(crate) fn base(&self) -> *mut u8 {
        std::ptr::null_mut()
    }

    pub(crate) fn contains(&self, _: usize) -> bool {
        false
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}
