//! Header fields, addresses and identifiers.
