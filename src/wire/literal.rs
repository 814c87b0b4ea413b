//! Macros for addresses in the source code: a wrong one does not compile.
//!
//! The check runs in a `const` item of the caller, so neither it nor its panic is linked, and
//! `cargo check` finds what is wrong as a build does. The compiler's error names the value and the reason.

/// A [`Domain`](crate::Domain) from a constant string, checked by the compiler.
///
/// ```
/// const HOST: embedded_smtp::Domain = embedded_smtp::domain!("boiler3.example.org");
/// ```
///
/// ```compile_fail,E0080
/// const HOST: embedded_smtp::Domain = embedded_smtp::domain!("boiler_3.example.org");
/// ```
#[macro_export]
macro_rules! domain {
    ($text:expr) => {
        $crate::__literal!($crate::Domain<'static>, $crate::Domain::parse($text))
    };
}

/// An [`Address`](crate::Address) from a constant string, checked by the compiler.
///
/// ```
/// const OPS: embedded_smtp::Address = embedded_smtp::address!("ops@example.org");
/// ```
///
/// ```compile_fail,E0080
/// const OPS: embedded_smtp::Address = embedded_smtp::address!("Ops <ops@example.org>");
/// ```
#[macro_export]
macro_rules! address {
    ($text:expr) => {
        $crate::__literal!($crate::Address<'static>, $crate::Address::parse($text))
    };
}

/// A [`Mailbox`](crate::Mailbox) from a constant string, checked by the compiler.
///
/// ```
/// const OPS: embedded_smtp::Mailbox = embedded_smtp::mailbox!("Ops <ops@example.org>");
/// ```
///
/// ```compile_fail,E0080
/// const OPS: embedded_smtp::Mailbox = embedded_smtp::mailbox!("Ops, Hall B <ops@example.org>");
/// ```
#[macro_export]
macro_rules! mailbox {
    ($text:expr) => {
        $crate::__literal!($crate::Mailbox<'static>, $crate::Mailbox::parse($text))
    };
}

/// A [`MailboxList`](crate::MailboxList) from a constant string, checked by the compiler. It has a mailbox:
/// [`MailboxList::EMPTY`](crate::MailboxList::EMPTY) has none.
///
/// ```
/// use embedded_smtp::{MailboxList, mailbox_list};
///
/// const DUTY: MailboxList = mailbox_list!("Ops <ops@example.org>; duty@example.org");
/// ```
///
/// ```compile_fail,E0080
/// use embedded_smtp::{MailboxList, mailbox_list};
///
/// const DUTY: MailboxList = mailbox_list!("Ops <ops@example.org>; duty");
/// ```
#[macro_export]
macro_rules! mailbox_list {
    ($text:expr) => {
        $crate::__literal!(
            $crate::MailboxList<'static>,
            $crate::MailboxList::__literal($text)
        )
    };
}

/// The value of a check that the compiler makes, or its error: `To: has no @`. `in $field` names the field
/// that the value is meant for.
#[doc(hidden)]
#[macro_export]
macro_rules! __literal {
    ($type:ty, $check:expr) => {{
        const __EMBEDDED_SMTP_VALUE: $type = match $check {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(invalid) => {
                ::core::panic!("{}", invalid.__sentence().as_str())
            }
        };
        __EMBEDDED_SMTP_VALUE
    }};
    ($type:ty, $check:expr, in $field:ident) => {
        $crate::__literal!(
            $type,
            match $check {
                ::core::result::Result::Err(invalid) => {
                    ::core::result::Result::Err(invalid.in_field($crate::Field::$field))
                }
                good => good,
            }
        )
    };
}
