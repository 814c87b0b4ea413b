//! Macros for addresses in the source code: a wrong one does not compile.
//!
//! The check runs in a `const` item of the caller, so neither it nor its panic is linked, and
//! `cargo check` finds what is wrong as a build does.

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
        $crate::__literal!($crate::Domain<'static>, $text)
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
        $crate::__literal!($crate::Address<'static>, $text)
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
        $crate::__literal!($crate::Mailbox<'static>, $text)
    };
}

/// A [`MailboxList`](crate::MailboxList) from a constant string, checked by the compiler.
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
        $crate::__literal!($crate::MailboxList<'static>, $text)
    };
}

/// `$type::parse($text)`, or a compiler error that says what is wrong; of the field `$field`, if that is
/// known.
#[doc(hidden)]
#[macro_export]
macro_rules! __literal {
    ($type:ty, $text:expr) => {
        $crate::__checked!($type, <$type>::parse($text))
    };
    ($type:ty, $text:expr, $field:ident) => {
        $crate::__checked!(
            $type,
            match <$type>::parse($text) {
                ::core::result::Result::Ok(value) => ::core::result::Result::Ok(value),
                ::core::result::Result::Err(invalid) => {
                    ::core::result::Result::Err(invalid.in_field($crate::Field::$field))
                }
            }
        )
    };
}

/// The value in `$result`, or a compiler error that says what is wrong.
#[doc(hidden)]
#[macro_export]
macro_rules! __checked {
    ($type:ty, $result:expr) => {{
        const __EMBEDDED_SMTP_VALUE: $type = match $result {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(invalid) => {
                ::core::panic!("{}", invalid.__sentence().as_str())
            }
        };
        __EMBEDDED_SMTP_VALUE
    }};
}
