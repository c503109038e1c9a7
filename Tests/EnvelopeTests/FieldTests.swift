// What could go wrong: a path, a transform or a template means something else than docs/profiles.md
// says; a mistake in one is taken for something else, or its message does not help; a message made
// to hurt (a product of long lists, very long texts) costs time or memory without bound.
import Envelope
import Model
import Testing

@Suite struct FieldTests {
    /// Runs one field over one `msg`.
    private func names(_ field: String, each: String? = nil, of msg: String) throws -> [String] {
        var rule = ExtractionRule([])
        rule.objects = [try Field(field, each: each)]
        let profile = Profile(name: "test", rules: [], otherwise: rule)
        let text = "{\"topic\":\"a.b.c.cat.two.three\",\"username\":\"u\",\"msg\":\(msg)}"
        let parser = EnvelopeParser(profile: profile)
        return try Array(text.utf8).withUnsafeBytes { try parser.names(in: $0).get().objects }
    }

    /// Field, msg, the names.
    private static let cases: [(String, String, [String])] = [
        ("a.b", #"{"a":{"b":"x"}}"#, ["x"]),
        (#"a."b.c""#, #"{"a":{"b.c":"x"}}"#, ["x"]),
        ("a", #"{"a":1.50}"#, ["1.50"]),
        ("a", #"{"a":true}"#, ["true"]),
        ("a | b", #"{"a":null,"b":"x"}"#, ["x"]),
        ("a | b", #"{"a":"","b":"x"}"#, ["x"]),
        ("a | b", #"{"a":"w","b":"x"}"#, ["w"]),
        ("a -> not(w) | b", #"{"a":"w","b":"x"}"#, []),
        ("a[]", #"{"a":["x","y",["z"]]}"#, ["x", "y"]),
        ("a[1]", #"{"a":["x","y"]}"#, ["y"]),
        ("a[-1]", #"{"a":["x","y"]}"#, ["y"]),
        ("a[-3]", #"{"a":["x","y"]}"#, []),
        ("a[2]", #"{"a":["x","y"]}"#, []),
        ("a{}", #"{"a":{"k":"x","l":"y","k":"z"}}"#, ["y", "z"]),
        ("a{keys}", #"{"a":{"k":1,"l":2}}"#, ["k", "l"]),
        ("a{b.c}", #"{"a":{"k":"x","l":"y"},"b":{"c":"l"}}"#, ["y"]),
        ("a{}{keys}", #"{"a":{"k":{"x":1},"l":{"y":2}}}"#, ["x", "y"]),
        ("a[][k=p,].v", #"{"a":[{"k":"p","v":"x"},{"v":"y"},{"k":"q","v":"z"}]}"#, ["x", "y"]),
        ("a[][k!=p,].v", #"{"a":[{"k":"p","v":"x"},{"v":"y"},{"k":"q","v":"z"}]}"#, ["z"]),
        ("[k~=fedora].v", #"{"k":"FeDora","v":"x"}"#, ["x"]),
        ("[k^=/a/].v", #"{"k":"/a/b","v":"x"}"#, ["x"]),
        ("[k^=/a/].v", #"{"k":"/b/a/","v":"x"}"#, []),
        ("[k*=/].v", #"{"k":"b/a","v":"x"}"#, ["x"]),
        ("[k].v", #"{"k":null,"v":"x"}"#, ["x"]),
        ("[!k].v", #"{"k":null,"v":"x"}"#, []),
        ("[k.l=1].v", #"{"k":{"l":1},"v":"x"}"#, ["x"]),
        ("[k.1=b].v", #"{"k":["a","b"],"v":"x"}"#, ["x"]),
        ("[k=true].v", #"{"k":true,"v":"x"}"#, ["x"]),
        (#"[k=a"b].v"#, #"{"k":"a\"b","v":"x"}"#, ["x"]),
        ("$.username", "{}", ["u"]),
        ("$.topic -> token(3)", "{}", ["cat"]),
        ("$.topic -> token(-1)", "{}", ["three"]),
        ("$.topic -> token(9)", "{}", []),
        ("$.topic -> tokens(1,-2)", "{}", ["b.c.cat"]),
        ("$.topic -> tokens(-2)", "{}", ["two.three"]),
        ("$.topic -> tokens(4,2)", "{}", []),
        ("'word'", "{}", ["word"]),
        ("a -> lowercase", #"{"a":"\u00c4Bc"}"#, ["\u{e4}bc"]),
        ("a -> trim", #"{"a":" x y\n"}"#, ["x y"]),
        ("a -> trim(/)", #"{"a":"//x/y/"}"#, ["x/y"]),
        ("a -> nvr", #"{"a":"a-b-1-2"}"#, ["a-b"]),
        ("a -> nvr", #"{"a":"a"}"#, ["a"]),
        ("a -> words -> nvr", #"{"a":"a-1-2, b-1-2"}"#, ["a", "b"]),
        ("a -> list", #"{"a":" a b,,c ,"}"#, ["a b", "c"]),
        ("a -> mentions", #"{"a":"@a (@b) c@d.e @"}"#, ["a", "b"]),
        ("a -> mail", #"{"a":"\"A <b>\" <c@d>"}"#, ["c@d"]),
        ("a -> mail", #"{"a":"c@d (A)"}"#, ["c@d"]),
        ("a -> mail -> before(@)", #"{"a":"A <c@d>"}"#, ["c"]),
        ("a -> label", #"{"a":"https://x.y.z/"}"#, ["x"]),
        ("a -> label", #"{"a":"x"}"#, ["x"]),
        ("a -> basename", #"{"a":"/x/y"}"#, ["y"]),
        ("a -> before(.git) -> after(/srv/)", #"{"a":"/srv/x.git/y"}"#, ["x"]),
        ("a -> before(() -> after(x)", #"{"a":"xy(z"}"#, ["y"]),
        (#"a -> replace(" ",-) -> replace(",","")"#, #"{"a":"x y, z"}"#, ["x-y-z"]),
        ("a -> drop(2)", #"{"a":"\u00e4bc"}"#, ["c"]),
        ("a[] -> only(x*,*z)", #"{"a":["xa","bz","c"]}"#, ["bz", "xa"]),
        ("a -> message-ids", #"{"a":"<x@y>\n <z>"}"#, ["x@y/z"]),
        ("a -> account", #"{"a":"x@y"}"#, []),
        ("a -> account", #"{"a":"x@fedoraproject.org"}"#, ["x"]),
        ("a -> nick", #"{"a":"x@y"}"#, ["x@y"]),
        ("p/<a>/<b[]>-<c | 'd'>", #"{"a":"1","b":["x","y"]}"#, ["p/1/x-d", "p/1/y-d"]),
        ("<a[]>/<b[]>", #"{"a":[1,2],"b":[3,4]}"#, ["1/3", "1/4", "2/3", "2/4"]),
        ("x/<a>/<b> | y/<a>", #"{"a":"1","b":""}"#, ["y/1"]),
        ("<a -> words -> nvr>/z", #"{"a":"p-1-2,q-1-2"}"#, ["p/z", "q/z"]),
        ("a", "[1]", []),
        ("a", "null", []),
    ]

    @Test func meansWhatTheDocumentationSays() throws {
        for (field, msg, expected) in Self.cases {
            #expect(try names(field, of: msg) == expected, "\(field) \(msg)")
        }
    }

    @Test func eachGoesThroughValuesWithTheirKeys() throws {
        let msg = #"{"n":"r","d":{"k":{"l":[["x","y"],["z"]]},"m":{}}}"#
        #expect(
            try names("<n>/<#1>/<#2>/<.[1] | .[0]>", each: "d{}{}[]", of: msg)
                == ["r/k/l/y", "r/k/l/z"])
        #expect(try names("<.k>", each: "a | b", of: #"{"b":{"k":"x"},"k":"y"}"#) == ["x"])
        #expect(try names("<.k> | <k>", each: "a | b", of: #"{"k":"y"}"#) == [])
    }

    /// Text, and words that its error must have.
    private static let mistakes: [(String, String)] = [
        ("", "begins with a key"), ("a..b", "followed by a key"), ("a.", "followed by a key"),
        ("a[", "is closed"), ("a[k=", "is closed"), ("a[=b]", "no condition"),
        ("a[!]", "no condition"), ("a{x", "is closed"), ("a ->", "no transform \"\""),
        ("a -> nvrr", "lowercase"), ("a -> drop", "1 arguments"),
        ("a -> drop(x)", "whole numbers"), ("a -> drop(-1)", "number of characters"),
        ("a -> replace(x)", "2 arguments"), ("a -> before()", "needs a text"),
        ("a -> not(x", "not closed"), ("a b", "goes on with \"b\""), ("a |", "begins with a key"),
        ("x/<a", "not closed"), ("<a -> zzz>", "no transform"), ("'a", "between two '"),
        ("''", "between two '"), ("<#5>", "#1 to #4"), ("<.a>", "there is no each"),
        ("<#1>", "there is no each"), ("a -> replace(\"x,y)", "not closed"),
        (String(repeating: "<a>", count: 17), "17 placeholders; a template may have 16"),
    ]

    @Test func mistakesAreNamed() {
        for (text, part) in Self.mistakes {
            do {
                _ = try Field(text)
                Issue.record("accepted: \(text)")
            } catch {
                #expect(error.description.contains(part), "\(text): \(error)")
            }
        }
    }

    @Test func hurtfulMessagesCostLittle() throws {
        let list = "[" + (0..<3_000).map { "\"n\($0)\"" }.joined(separator: ",") + "]"
        // Nine million names are asked for; a message may have a thousand.
        let many = try names("<a[]>/<b[]>", of: "{\"a\":\(list),\"b\":\(list)}")
        #expect(many.count == Limits.namesPerMessageMax - 1)
        let letters = "[" + (0..<3).map { "\"\($0)\"" }.joined(separator: ",") + "]"
        let most = String(repeating: "<a[]>", count: 16)
        #expect(try names(most, of: "{\"a\":\(letters)}").count == Limits.namesPerMessageMax - 1)
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try names("<a>/<a>/<a>", of: "{\"a\":\"\(long)\"}") == [])
        #expect(try names("a -> replace(x,yy) -> lowercase", of: "{\"a\":\"\(long)\"}") == [])
        let commas = String(repeating: ",", count: 1_000_000)
        #expect(try names("a -> list", of: "{\"a\":\"\(commas)\"}") == [])
    }
}
