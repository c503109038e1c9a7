/// Why the text of a field is no field: what is wrong and what is accepted.
package struct FieldError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
