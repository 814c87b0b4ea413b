//! A NOR flash in memory, whose power can be cut: words of four bytes, which can be written twice.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash as Flash, NorFlashError, NorFlashErrorKind,
    ReadNorFlash,
};

const WORD: usize = 4;
const PAGE: usize = 256;

/// The power is cut at this operation: a word that is written, or a page that is erased.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub operation: usize,
    pub moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    Within,
    After,
}

#[derive(Debug, Clone)]
pub struct NorFlash {
    bytes: Vec<u8>,
    operations: usize,
    cut: Option<Cut>,
    is_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPower;

impl NorFlash {
    pub fn new(pages: usize, page: usize) -> Self {
        assert_eq!(page, PAGE);
        Self {
            bytes: vec![0xFF; pages * page],
            operations: 0,
            cut: None,
            is_cut: false,
        }
    }

    pub fn with_cut(mut self, cut: Cut) -> Self {
        self.cut = Some(cut);
        self
    }

    pub fn range(&self) -> u32 {
        self.bytes.len() as u32
    }

    pub fn operations(&self) -> usize {
        self.operations
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub fn power_on(&mut self) {
        self.cut = None;
        self.is_cut = false;
    }

    /// Does an operation on some bytes: `change` for each of them.
    fn operate(
        &mut self,
        at: usize,
        length: usize,
        change: impl Fn(usize, u8) -> u8,
    ) -> Result<(), NoPower> {
        if self.is_cut {
            return Err(NoPower);
        }
        let number = self.operations;
        self.operations += 1;
        let cut = self
            .cut
            .filter(|cut| cut.operation == number)
            .map(|cut| cut.moment);
        let done = match cut {
            Some(Moment::Before) => 0,
            Some(Moment::Within) => length / 2,
            Some(Moment::After) | None => length,
        };
        for (offset, byte) in self.bytes[at..at + done].iter_mut().enumerate() {
            *byte = change(offset, *byte);
        }
        self.is_cut = cut.is_some();
        if self.is_cut { Err(NoPower) } else { Ok(()) }
    }
}

impl NorFlashError for NoPower {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for NorFlash {
    type Error = NoPower;
}

impl ReadNorFlash for NorFlash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NoPower> {
        if self.is_cut {
            return Err(NoPower);
        }
        let offset = offset as usize;
        bytes.copy_from_slice(&self.bytes[offset..offset + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl Flash for NorFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NoPower> {
        for page in (from as usize..to as usize).step_by(PAGE) {
            self.operate(page, PAGE, |_, _| 0xFF)?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NoPower> {
        assert!((offset as usize).is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD));
        for (number, word) in bytes.chunks(WORD).enumerate() {
            let at = offset as usize + number * WORD;
            // A bit that is cleared stays so until its page is erased.
            self.operate(at, WORD, |offset, byte| byte & word[offset])?;
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for NorFlash {}
