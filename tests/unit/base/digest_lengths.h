/* Digests of the digests of 0 to 299 letters x, by Python 3.11's hashlib: see digest_test.c. */
        { "MD5", "575f9da1c47ba6b2cba933c4e7ce5ecd" },
        { "SHA-1", "4ee55c5e082bdd64918ce81e1c13898cfa230941" },
        { "SHA-256", "3068c8c08e804c2be19cb16d8f13fb8cbdff841c789d00ce28ded624674b6d55" },
        { "SHA-384", "13134c5e36a5f5854dbca3cf03ca05b3c099471e68e35537f8e6f002c68572307d0ed634ed467d87c9b99bc39fdf2f34" },
        { "SHA-512", "0a6a4d91c9c127e3ffd49e748cac6b599e1ce1039f1d92bdcdce57e91acc2b7d13aa0183989b5e7fdc7a2b84a968d350d022db27b68c0b4fa2d71fdb45537c00" },
