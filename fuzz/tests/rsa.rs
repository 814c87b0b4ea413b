//! RSA beside the crate `rsa`, without a fuzzer: a fixed number of inputs of the target, drawn by a
//! generator that begins with the same number each time.

use embedded_smtp_fuzz::rsa;

/// Xorshift, 64 bits.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn words(&mut self, count: u64) -> String {
        let mut words = String::new();
        for _ in 0..1 + self.below(count) {
            let any = self.0 as u32;
            let word = self.of(&[0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX, any]);
            words += &format!(" {word:x}");
        }
        words
    }
}

const SCHEMES: [&str; 6] = [
    "pkcs1-sha256",
    "pkcs1-sha384",
    "pkcs1-sha512",
    "pss-sha256",
    "pss-sha384",
    "pss-sha512",
];

/// Keys whose limbs are at their limits, of any length, and such signatures.
#[test]
fn powers() {
    let mut draw = Draw(4711);
    for _ in 0..500 {
        let bits = draw.of(&[2048, 2049, 2055, 2056, 2080, 3072, 4064, 4065, 4095, 4096]);
        let any = 2040 + draw.below(2064);
        let bits = draw.of(&[bits, any]);
        let exponent = draw.of(&[3_u32, 5, 17, 65537, 0xffff_ffff, 0x8000_0001]);
        let (modulus, words) = (draw.words(7), draw.words(9));
        let input = format!("modulus: {bits}{modulus}\nexponent: {exponent}\nwords:{words}\n\n");
        rsa(input.as_bytes());
    }
}

/// Signatures of every key and scheme: right ones, and ones with an octet changed before or after.
#[test]
fn signatures() {
    let mut draw = Draw(4712);
    for key in ["2048", "2048-3", "2049", "2055", "3072", "4096"] {
        for scheme in SCHEMES {
            let message = draw.words(3);
            let input = format!("key: {key}\nscheme: {scheme}\nmessage: {message}\n");
            rsa(format!("{input}\n").as_bytes());
            for _ in 0..4 {
                let (field, bits) = (draw.of(&["edit", "change"]), 1 << draw.below(8));
                let at = draw.below(512);
                rsa(format!("{input}{field}: {at} {bits}\n\n").as_bytes());
            }
            let salt = draw.below(200);
            rsa(format!("{input}salt: {salt}\n\n").as_bytes());
        }
    }
}
