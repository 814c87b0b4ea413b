//! Texts, attachments and ready-made messages.
