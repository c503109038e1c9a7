// Generated with Python's json and hashlib: what the messages' derived ids must be.

/// Topic, whole second, `msg` as it may stand in an envelope, and the id's text.
let derivedIDCases: [(topic: String, second: Int?, msg: String, id: String)] = [
    (
        "org.fedoraproject.prod.git.receive", nil,
        #"""
        {}
        """#,
        "derived-bd326cf7b8a43f2278e0c982234716e4"
    ),
    (
        "a", 1400000001,
        #"""
        {"b":1,"a":2}
        """#,
        "derived-e2c774b93a96f8d81eb9017a277f4694"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000002,
        #"""
        {"a":[1,2,{"z":null,"y":true}],"A":false}
        """#,
        "derived-aa185749b38ad9e3325ea6a658f6e1a2"
    ),
    (
        "a", nil,
        #"""
        {"x":1.0}
        """#,
        "derived-7bf0dabcae75a7d350e5ba8819f99dcc"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000004,
        #"""
        {"x":100.0}
        """#,
        "derived-9bced48f88ea3c0b7ecbab039a73e032"
    ),
    (
        "a", 1400000005,
        #"""
        {"x":1e2}
        """#,
        "derived-3188050a43f0cb801fda25ab98111d27"
    ),
    (
        "org.fedoraproject.prod.git.receive", nil,
        #"""
        {"x":-0.0,"y":-0,"z":0}
        """#,
        "derived-fe685c76e24bb9a51282440eab0eb35d"
    ),
    (
        "a", 1400000007,
        #"""
        {"x":1e16,"y":1e15,"z":123456789012345680.0,"w":0.0001,"v":0.00001,"u":1.5e-7,"t":1e22,\#
        "s":5e-324}
        """#,
        "derived-73b682fa01c826ddfca6afcf1c9becb4"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000008,
        #"""
        {"x":0.1,"y":0.30000000000000004,"z":2.675,"w":12345.678e3}
        """#,
        "derived-9a87240a604891ce817232c5b4cdeb12"
    ),
    (
        "a", nil,
        #"""
        {"big":123456789012345678901234567890,"neg":-42}
        """#,
        "derived-f623135cc4553bc1dfd854f69c10819b"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000010,
        #"""
        {"x":1e400,"y":-1e400,"z":1e-400}
        """#,
        "derived-6eb12646e56ba25402305385eb259946"
    ),
    (
        "a", 1400000011,
        #"""
        {"x":NaN,"y":Infinity,"z":-Infinity}
        """#,
        "derived-4f3d8d7d4e7fc1c786da4d67efc590d5"
    ),
    (
        "org.fedoraproject.prod.git.receive", nil,
        #"""
        {"s":"h\u00e9llo \ud83d\ude00 \u007f \/ \b\f\n\r\t \u0000 \"q\" \\"}
        """#,
        "derived-0b8341394733dd22859e8262324991de"
    ),
    (
        "a", 1400000013,
        #"""
        {"s":"h\#u{e9}llo \#u{1f600} \u007f"}
        """#,
        "derived-0227d6369d9b4282f1e13dee0b55e8b7"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000014,
        #"""
        {"s":"\ud800 lone","t":"\udc00"}
        """#,
        "derived-88e15c3f646f82623ad3887315392117"
    ),
    (
        "a", nil,
        #"""
        {"\u0061":1,"b":2}
        """#,
        "derived-4e342f149816b37d5199fee5424a1a5d"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000016,
        #"""
        {"a":1,"a":2}
        """#,
        "derived-cae11162bd9a0cd1597828414e2c3515"
    ),
    (
        "a", 1400000017,
        #"""
        {"\#u{e9}":1,"z":2,"\#u{1f600}":3,"\uffff":4,"\ud800":5}
        """#,
        "derived-afc37fc17098aae21645fffd32d1e279"
    ),
    (
        "org.fedoraproject.prod.git.receive", nil,
        #"""
        null
        """#,
        "derived-6681d34ca9408832c85b214f3318daec"
    ),
    (
        "a", 1400000019,
        #"""
        "text"
        """#,
        "derived-c6b070917b395adbefe7c6acd891b879"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000020,
        #"""
        [1, 2.50 , "x"]
        """#,
        "derived-17f46d0c98daf048c8788305f55351e7"
    ),
    (
        "a", nil,
        #"""
        {"a" : { "c" : 1 , "b" : [ ] } }
        """#,
        "derived-4b10f2c40e4c41e14e1fb23c24b43adb"
    ),
    (
        "org.fedoraproject.prod.git.receive", 1400000022,
        #"""
        true
        """#,
        "derived-42b4f5b92a36a71690fe7cb909935381"
    ),
    (
        "a", 1400000023,
        #"""
        3.14159
        """#,
        "derived-c9171afffcc291b16494946328f172b7"
    ),
]
