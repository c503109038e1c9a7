import CYAML

/// A value of a YAML file and the line where it begins.
package struct YAMLNode {
    package indirect enum Value {
        case scalar(String)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    package let line: Int
    package let value: Value

    /// What is wrong with a file's text, and where.
    package struct Failure: Error {
        package let line: Int
        package let reason: String
    }

    /// The deepest nesting, and the most values: aliases of aliases make many of few bytes.
    private static let depthMax = 16
    private static let nodesMax = 100_000

    /// Reads a file of one document.
    package static func read(_ text: [UInt8]) throws(Failure) -> YAMLNode {
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else {
            preconditionFailure("there is memory for a YAML parser")
        }
        defer { unsafe yaml_parser_delete(&parser) }
        var document = unsafe yaml_document_t()
        let outcome: Result<YAMLNode, Failure> = unsafe text.withUnsafeBufferPointer { bytes in
            unsafe yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            guard unsafe yaml_parser_load(&parser, &document) == 1 else {
                return .failure(unsafe failure(of: parser))
            }
            defer { unsafe yaml_document_delete(&document) }
            guard unsafe yaml_document_get_root_node(&document) != nil else {
                return .failure(Failure(line: 1, reason: "The file is empty."))
            }
            var left = nodesMax
            do throws(Failure) {
                return .success(try unsafe node(1, in: &document, depth: 0, left: &left))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private static func failure(of parser: yaml_parser_t) -> Failure {
        let line = unsafe Int(parser.problem_mark.line) + 1
        guard let problem = unsafe parser.problem else {
            return Failure(line: line, reason: "The file is no YAML.")
        }
        return unsafe Failure(
            line: line, reason: "The file is no YAML: \(String(cString: problem)).")
    }

    private static func node(
        _ number: Int32, in document: inout yaml_document_t, depth: Int, left: inout Int
    ) throws(Failure) -> YAMLNode {
        guard let node = unsafe yaml_document_get_node(&document, number) else {
            preconditionFailure("a document's numbers are those of its values")
        }
        let line = unsafe Int(node.pointee.start_mark.line) + 1
        left -= 1
        guard depth < depthMax, left > 0 else {
            throw Failure(line: line, reason: "The file nests too deep or has too many values.")
        }
        let data = unsafe node.pointee.data
        switch unsafe node.pointee.type {
        case YAML_SEQUENCE_NODE:
            let items = unsafe data.sequence.items
            let count = unsafe items.start.map { unsafe items.top - $0 } ?? 0
            var values: [YAMLNode] = []
            for place in 0..<count {
                let item = unsafe items.start![place]
                values.append(
                    try unsafe self.node(item, in: &document, depth: depth + 1, left: &left))
            }
            return YAMLNode(line: line, value: .sequence(values))
        case YAML_MAPPING_NODE:
            let pairs = unsafe data.mapping.pairs
            let count = unsafe pairs.start.map { unsafe pairs.top - $0 } ?? 0
            var values: [(key: YAMLNode, value: YAMLNode)] = []
            for place in 0..<count {
                let pair = unsafe pairs.start![place]
                values.append(
                    (
                        try unsafe self.node(
                            pair.key, in: &document, depth: depth + 1, left: &left),
                        try unsafe self.node(
                            pair.value, in: &document, depth: depth + 1, left: &left)
                    ))
            }
            return YAMLNode(line: line, value: .mapping(values))
        default:
            let bytes = unsafe UnsafeBufferPointer(
                start: data.scalar.value, count: data.scalar.length)
            return YAMLNode(
                line: line, value: .scalar(unsafe String(decoding: bytes, as: UTF8.self)))
        }
    }
}
