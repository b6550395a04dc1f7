// Printed by Vectors/torrent-vectors.py with libtorrent 2.0.8.0; see there how the files' bytes are made.

/// A file's identity as another implementation of BEP 52 computes it, with pieces of 1 MiB.
struct TorrentVector {
    let length: Int
    let root: String
    /// Empty for a file of one piece: its root says all.
    let pieceLayer: [String]

    static let all = [
        TorrentVector(
            length: 1,
            root: "a5ab782c805e8bfbe34cb65742a0471cf5a53a97f0a1160ab6cccbb64c9131ce",
            pieceLayer: []),
        TorrentVector(
            length: 16383,
            root: "807f1f484fbf7df3915086449f1f606e4da766b6852d252cae01de1aebb31db4",
            pieceLayer: []),
        TorrentVector(
            length: 16384,
            root: "fbab6f7179a7e6b50a58fc821c562a6c3223a0f34d63811359b3d956cf827ef0",
            pieceLayer: []),
        TorrentVector(
            length: 16385,
            root: "296f39ce353eeb82c1accc8689f429b6cb78ca64bd298ba2ca9adc55622c7eb7",
            pieceLayer: []),
        TorrentVector(
            length: 32769,
            root: "9ba94f621e0ee16a66a26ce41f432fa5d2c51422968611a21bdcbccacbc3e061",
            pieceLayer: []),
        TorrentVector(
            length: 81920,
            root: "300f5eb9b6db901016495ddf84a5e035063d999e0631d2486276f198fe61b855",
            pieceLayer: []),
        TorrentVector(
            length: 1048575,
            root: "7ea4fa62455ecd5612f0b587fc10921fbe5b3fd9d6e06c68567d5fd5f920d247",
            pieceLayer: []),
        TorrentVector(
            length: 1048576,
            root: "4c3f39eb395a96bddc5f81a8e1deb04be77467b050aeab18d583e6bb24416029",
            pieceLayer: []),
        TorrentVector(
            length: 1048577,
            root: "37ba951f57e1a9378782f041dd231839df8813dc4dd0180117c90d413d20ac96",
            pieceLayer: [
                "fc083a16dd44c4ddc899486115849b99b322cc349875d7c4d0b137087cbcb044",
                "b43517049d08419d533bbad3ac3f5d79a1975a53f22f27b070ec941c41d41f47",
            ]),
        TorrentVector(
            length: 2097151,
            root: "daf113578c4e7f7c5931112245a5e7518bda0272ad46d50b74c06b244df27960",
            pieceLayer: [
                "1a545bfb9cde9363ab0b8a8e89698d36cd396e63d521ae3c40b73ab39b19fed1",
                "0aa5c4a450e2a41455293011d2f861c2c02f53c267e498cdeee324be469bea2f",
            ]),
        TorrentVector(
            length: 2097152,
            root: "bbfe9d0f44abdd82908d4749cc871b283f21f1cd81679984e228506a67dc68ae",
            pieceLayer: [
                "75fa82ee266b3f8c78a6d69e25081a41f60fc224de2c76ce15b32bc8dc9f86c4",
                "db7cd088365df2357d20db12512bb5b725ecfa5579d670bc5b4ff74eb212bd75",
            ]),
        TorrentVector(
            length: 2097153,
            root: "fcb862e3de6a6a663b2f141d23baac0dbcab919ef476e12d47eb44c9e0ee59db",
            pieceLayer: [
                "016cf209dd1eb0c771f9dc0a36041b9ee5c142f322865c17c0339c868272608b",
                "e837dac0eb86ba29d3ef96e2e05bde8c43a54f7fd0fd73dd2fcfb54901f250a0",
                "66d03056ad5ff17593fb23137c9ce765b9a620aef4d5f06192183f3246d94b55",
            ]),
        TorrentVector(
            length: 3145728,
            root: "1bf01c6f560aa511cfb5b9b00b9690e08015492fb40b27f5a295e437909e26b9",
            pieceLayer: [
                "9af55e1e73710d375a950cd26e6ccda3e3eed06463f57a8347d6747574242e97",
                "a70c10b18eb6b17d98a0fe977d1b93a582ec332ce87f773415bc9ec38b87d61b",
                "7153031bbb16c53bfd7e1fc6fa28132fe47f732a564247e29ca40ce0df966698",
            ]),
        TorrentVector(
            length: 4210688,
            root: "517ada369550de34c6ec5a7b6cfce14075da6ad694f360275f9fbc7b841fe9b2",
            pieceLayer: [
                "6c7ca2345fe7b5599f1ed90990523c79fb79208215ebb432ef89802278665e2d",
                "653afb8ed128921a1e51b6c88aad7d798d8f8762211f4a8544d588b52a191f03",
                "9a4b857792bbd09c9455e408dbad4cc819a230eaa90b0e58b59d32c866805951",
                "dfd85a5fd94617bd62ec7f2421b30e65338f84b32a38f29fc4e4727cd08bd596",
                "9e9d1fb02f5e08e8b700052e359f8859f14c403a4b01d01a74944bcb0f1e79c0",
            ]),
        TorrentVector(
            length: 5255225,
            root: "0faa86714da67bcd8b41b2ecca7b3bf439c7a22b91af3172557112ac85ee3b7d",
            pieceLayer: [
                "531f72ac06cef9f34eb944bc78dab5a7af7e4fa98a87d1592bbd3b5f63daf668",
                "1250b6af60d2431fa880e0d820484e760f867cc722102a09886ee2bad9e4f6f3",
                "04dc9adab9f657ef1c3c64ee57be6e4950eac0a5a1d351e8b5a96614b469e850",
                "c5d38b14f6ad65fb1f19faf8d462251bbc35588279fdd036ca54db8b3e851353",
                "52561832669ff61a7b4f86bad3290f91bb599062b6dc7129c9a858eea0b7f671",
                "f1d3bfe17a9ec41048cb1611b87008a968455785300988aa3a608cf47d1ff9ca",
            ]),
        TorrentVector(
            length: 8388608,
            root: "7c6a5edc8ecaea160e504789ba43848de744e64a2c690124d00836e8006a8950",
            pieceLayer: [
                "252e65317b528b960a6bd303f8f6b5892888a24828de78ce81f86f1d826edaab",
                "0faad2bde9b659237cdbaeb4bbfebb28f5b73d78dff4f7534681f6d9f090ef16",
                "6178049cd757f869eff55bfb1d0a70677657494aefea13f3af7ca016ed928a10",
                "0aa2d8202f51ff4df3b8e508cc25d880b6e8894b4e20f9c69d08b2e38ad382b6",
                "a7634fbd90db6040a4875ed3ef28b660289222b48102c51bd075dc31661334e3",
                "799883a91c49b5a977a6d7adb395ae6933da318fa4f00c9fb8ad7ee013fca2c1",
                "bba286af42b0caec832029830c62afac30f66cf158ce1fc18f3fd50e0ceb0677",
                "ba286dc59c90c06664dc310adc9bd958b16fbc82eba495e4b359a4208398a739",
            ]),
        TorrentVector(
            length: 9437185,
            root: "0e7f38c47ad01852df31395f27d9103cd8e09c6f81317feda91befa54a4b5a0f",
            pieceLayer: [
                "0b548e9656c3b41fed127d995d7d3f505a4f552b5d307c97bab462032c8d70bc",
                "ecdf10b192dbba48b40d6ed5900a401851be4adadfe6857c43811cefce83ca56",
                "110564435b9fb074fcfdcb262d37fa4379a082e6a892762e7fa72d84fbfa0484",
                "111da1dd0972aa2b6a408b25100494d0ec804c8d1f0058fcb3e5f498a575df9f",
                "606aecc44ee2ba80d31bff636870e9ada3c014236180fbfa4bfa99b06cae5639",
                "0aa2d09f1cea45fbb1cf94d8cb02efc5d7ca760da874c5f294466c42dfd9ff0c",
                "4e038d80edcc9e7b7718578ee6121be8b00e21ab4dac6efa85002706ea588e57",
                "3dafad506628bdb32eca52e1b2d5e4fb4f256472abf11a1d80360492ed287959",
                "c1fa8a3d4816baca7936113661fc81bb3172560a317a2642f46b2eec2256bb6c",
                "37192fa6c2e29dedbc8bf74e56265e6e22e9c4f8b85980f72dfad0686923fafe",
            ]),
    ]
}
