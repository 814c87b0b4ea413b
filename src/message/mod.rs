//! The message: header fields and MIME parts, produced in constant memory.

mod date;

pub use date::Date;
