//! The message: header fields and MIME parts, produced in constant memory.
