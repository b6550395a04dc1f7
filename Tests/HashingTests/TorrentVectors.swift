// Printed by Vectors/torrent-vectors.py with libtorrent 2.0.8.0; see there how the files' bytes are made.

/// A file's identity as another implementation of BEP 52 computes it, with pieces as p2pd has them.
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
            length: 8388609,
            root: "0a06f594d5a946dc6699ea17d88693403f8d8da54e4ef66e24dad6b0cb5b4375",
            pieceLayer: [
                "9ba846bc4e3472e4e74e37e06edce6e06bbf607e1f1ba0e32f9e5b9ca25c4c97",
                "5c5455e6681388b07403559ab34e4976b565ead40871c4d54d4a7eee235e38ef",
                "5fa676d2b5c45fc2772f5758bc804234463b724899ffa25fd931bdaeb1bfecf6",
                "5616144f2c7b9a7a7369911d796d5baf7b3e559fd27a84b88e46df170508e86c",
                "c2bc320daed2f2148481bc56b278b9a36efc17081fa614be683a63f29c4a49b7",
                "9e2e70a849389495b177f3f3c4648c3bbc8967d15c34ee9b598312bf5e75d701",
                "e97a0933d685b2aa1be0942ea5c200e1420fb78677a2dd37204300c0430e603f",
                "fc24cb69cab48f6442838d6e0cf98de95149ab7da64f6b7bf3d6b2e8aff325f1",
                "7c4aeaea02716dc4eeb43d4789923ae75f1d69fc40c2eef7d6d71c75412d7034",
                "734d54b5fdf1e249368201d6d37fef2c49d72c6fb4ea13c8858de72cd7f8d7c8",
                "8feddfd9c0fac6dedd402b01f7eebd378d4c605c0e41fa863702d97830769b4a",
                "7f6dc0b2ea30dcc8a33785f205b0c185cf448f36bf0fdfb91a23b3929e8858c4",
                "d9bc8918fb1ac5ca8d97aa765bb04a4622c37f546c87f505e6759130a28b9bb7",
                "a4659b5f4f933262ba9616418836c5abbeb3022113cf2b12dcb66af530fa4717",
                "a4ed25d6b2a0fa80dae3daaf702ec9def8d4cb100258eab154557e5a5506c2fd",
                "f47783e3a0a7f11b87def0cbc13e6940b282559f0b3a336dd64166834f4b0b61",
                "b9759e6c30132ee0550bb5cb06cfde6b121bf9a8d64a963b546de554836feb37",
                "92007ad9b2b4dc45cd2bd16d98d962e1424cd2c24946b61759e045d24ab0aad0",
                "a5e0284c14c1557581d2b0392aa302b668fab94b962e5bf8d22e2d07895c5976",
                "87b6818bc6cc36699398455f35df5ece46fed9cc28c7990bb3ff6c4286cb3303",
                "af2a87e76b714c3d2aad3fea033c25e77d916e1d5b89212422ad4b2c4b481109",
                "d51aac7f727ca5a571a6aeac68073e660df6ed000726de692f76865badc25323",
                "72d781153ba17e11a76ab0a3db55076d593e84c116437620e658ba9a1f94c333",
                "69d91b6ea8f7785a780726a015064956e8230ee80c88ab44f6846c71064088f2",
                "6f31b9780a847bccd5b9f68aee8fef9c2cc6567111b15da597473d0b4d25e235",
                "c9c5d2275bc14807b2e2bbd7b2b97ba84ef480ea86bd75caece163dd3672f48b",
                "50e3162a310d58d56dd86e265e0073b174f556b42c0229a75910bf51e9ecd934",
                "21dac44cab9a0e90d57f0d89c0116c9cc1af7f6158242fd0863f3b82ce27425c",
                "29da74c1184cdab2a92a7261cc12121a093c35780056d704f24c0a33810a8e83",
                "419e0efca46cbae385012d515a3f6f15c1389aa8a1df051a5faa2c51984b261a",
                "46f4af203176401a2e5a05290b8d2bbdd627bc1c28862e7a512b00d57d4cbed3",
                "eca9ba2516b03b08fbb767d984b4945cd96b16b5a6013c57e1bb34366a8cc5ff",
                "dd749a1e5ad13ed9c13b60f840f5906bd91fce06b3dde44ad27b3addddef7836",
            ]),
        TorrentVector(
            length: 9449529,
            root: "4eb8d201a3800127f3da5692d66213b069ebfebad814383a404b762174e5beba",
            pieceLayer: [
                "13ffb06a21d964b220b2309d86eb09d60deb88066272816841113256f6a235eb",
                "a0ebf49f06a212f52fde303bef7ac6c970249042dc332cdb7a8fce08fade5964",
                "3deb6c3038ccc104ca235a4f79f863747c0a7c3504697e3df2abb922d32e42d7",
                "47b1f69a06d79d816bc6f400f01651f5aebb9627fd5674b5cca393e67800a04a",
                "17ceb0f5167c2649104127a2e9007ec1963d4acd1355939b19612b51364671ae",
                "a11a99b7b9f529f6eaf52c33ce785f6f5713f8325368f6baad05c996b2b4e1a3",
                "20c605b4cbcfa25ad44919ae38a66b23354fe3f939a66c53b7d1f26cc762c3f5",
                "660b3d9fd35a18689ace52ab271087efbe9d6639a8223c23d5f5705cc62b54ac",
                "6b63e83b8816006afbca410d08fe792355cda20b91a4e3b673c0e5f6c63b49e5",
                "e927634c485a6ccb0e7e13739175ef7d3dd44bc6cc2b3e5b4977f067967c0365",
                "1e7abe84f768c714fe563d335469b614bf010f4c9fd3e21a616d319267331d05",
                "1a1c61818e66c6cf71745e077aedf0ec28382314c41f7f20c133b19434233e37",
                "f7bb79551c97665fa1e3a50ff2c0002f4429e4cfa4cc7b0c322ceb58a9b76bab",
                "b67635a9ee02faa38253f23b3f666ff30905cac3ac23dd1da078db7453ee7deb",
                "0790c30d9d31e57536d834b06c827cb2151a87bb32736e319ccc378b1583fbff",
                "8e5a593226c89929b8a948cc614f221a868cafbd4f7873aa2fe094a8801e190c",
                "cab7a01ad452e7d15217de439c0266a00c162d9a7312cc16db076ee61eff83c0",
                "b5e3983d7756453e3fc4c65d6bfd9e342be42d20e54b6c9d997ec1c9277e9ca9",
                "f41761259e41f184cc568b0fdf7606defa6d76a7aa347a807744bc90107c8b01",
                "87daf86987c2eb7e1a3cf02abce408c0fe52db0c5f05b84d5c9563d554eeecf9",
                "3ab36b2526f3d577560a8ad391f948f48f35db2419c50a715be8e2224d09536c",
                "914edadf058f679323ddbc633708aebe8ecc9764bfac8108ad0768789cf2ac99",
                "c5847a98a528ce845ea7cd052069dcffcecaa89ec4ddeecd74183e65910f3dd9",
                "d808773f93d707a643f7b7fc3fe529bf864715e9e3ec62e7e3680062c67381de",
                "9302f2777ae04e8aea0fad80701ea1eac78820af03110c047e4b0aae43c173a0",
                "94fe31f1eb8a1bc2fff0ab7d9f5247668ced780f5822066797b4a838cacd9dce",
                "618a3e25348236d17f9eeac2c6eb8b6d346ad9611af5cc48bbc070b026c4fbcf",
                "953eb94e6c984b9241a36809f23e24322434cf82bbf4bef4d9384d4e14be72f9",
                "a315747a619088c165e14f2c134fd65156a597d49eea30879dbd6532303dc62e",
                "493201ee7db2f7a73447a9c5c61f5fa114ce82a761b0aea2d9ca3265af2e19ab",
                "fe015af2d390fea4f079f95929511b1c86de3a8a86a111897877b192c042583d",
                "f4cd9d1c1d4e7274d5fdaa68fb0b6428b81c9243e2de86b36f18a2e12828d0b1",
                "e6a90dad1635d3dda2eb607ee1b7ace71bd8788432eeed8a359ccd2ec66304e7",
                "101493488e1cee81f2978736d6f2434d66f9078e256848729b0b093a4b468f48",
                "abfa93a16512377e5dd2acd885772e5a776072fb585d0a627f98eb9379b1b086",
                "6e00eab3e038c62cd8bd70f3379b0b483e757a21ff4e7927227f8c9363c155f1",
                "b8bc03b9921ad27e936833a2d7a8d1400afba91436c626f9af270cce973b3cc6",
            ]),
    ]
}
