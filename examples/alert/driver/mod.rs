//! The crate's two clients at the same work. The files are twins: the same text but for `async` and
//! `.await`.

pub mod asynch;
pub mod blocking;
