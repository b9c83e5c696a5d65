//! The status that every host call answers with.

use super::enums::words;

words! {
    /// `proxy_status_t`. The specification leaves out 5, 9 and 11; Envoy's headers have them.
    pub enum Status {
        /// Done.
        Ok = 0 => "Ok",
        /// There is no such thing: a key, a property, a queue, a buffer.
        NotFound = 1 => "NotFound",
        /// An argument is out of its range, or the thing cannot be changed.
        BadArgument = 2 => "BadArgument",
        /// A value has no form in which it could be handed over.
        SerializationFailure = 3 => "SerializationFailure",
        /// A message could not be parsed.
        ParseFailure = 4 => "ParseFailure",
        /// Not used by any host call.
        BadExpression = 5 => "BadExpression",
        /// A pointer, or a pointer plus its length, lies outside the module's memory.
        InvalidMemoryAccess = 6 => "InvalidMemoryAccess",
        /// The queue has no item.
        Empty = 7 => "Empty",
        /// Somebody else has written in between.
        CasMismatch = 8 => "CasMismatch",
        /// Not used by any host call.
        ResultMismatch = 9 => "ResultMismatch",
        /// The host could not do it, or does not allow it.
        InternalFailure = 10 => "InternalFailure",
        /// Only as the status code of a failed HTTP callout, in `proxy_get_status`.
        BrokenConnection = 11 => "BrokenConnection",
        /// This host does not have the call.
        Unimplemented = 12 => "Unimplemented",
    }
}
