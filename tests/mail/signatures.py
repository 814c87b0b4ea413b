"""Signs mails by two libraries and has both verify them: `signatures.py ALERT WORK`. README.md says how."""

import re
import subprocess
import sys
from pathlib import Path

import dkim

import mails

HERE = Path(__file__).parent
DOMAIN, SELECTOR = "example.org", "boiler"
CANONICAL = ["relaxed/relaxed", "simple/simple"]


def main():
    alert, work = sys.argv[1], Path(sys.argv[2])
    paths = mails.write(alert, work, mails.ALERTS + mails.HARDER)
    key, record = make_key(work)
    wrong = {name: [] for name in paths}
    for canonical in CANONICAL:
        for signer, sign in {"dkimpy": sign_dkimpy, "Mail::DKIM": sign_mail_dkim}.items():
            signed = sign(paths, canonical, key, work)
            if canonical.startswith("relaxed"):
                signed |= {(name, "unfolded"): unfold(path) for (name, _), path in list(signed.items())}
            for verifier, verify in {"dkimpy": verify_dkimpy, "Mail::DKIM": verify_mail_dkim}.items():
                for (name, form), result in verify(signed, record).items():
                    if result != "pass":
                        wrong[name].append(f"{canonical} by {signer}, {form}: {verifier} says {result}")
    for name, lines in wrong.items():
        print(f"{'FAILED' if lines else '.':6} {name}")
        for line in lines:
            print(f"       {line}")
    failed = sum(map(bool, wrong.values()))
    print(f"{len(wrong) - failed} passed, {failed} failed")
    return failed > 0


def make_key(work):
    """The file of a key, and the record that a name server would have."""
    file = work / "key.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", file, "2048"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "rsa", "-in", file, "-pubout"], check=True, capture_output=True, text=True).stdout
    return file, "v=DKIM1; k=rsa; p=" + "".join(public.split("\n")[1:-2])


def sign_dkimpy(paths, canonical, key, _):
    signed = {}
    for name, path in paths.items():
        mail = path.read_bytes()
        canonicalize = tuple(part.encode() for part in canonical.split("/"))
        signature = dkim.sign(mail, SELECTOR.encode(), DOMAIN.encode(), key.read_bytes(), canonicalize=canonicalize)
        signed[name, "as signed"] = path.with_suffix(".dkimpy")
        signed[name, "as signed"].write_bytes(signature + mail)
    return signed


def sign_mail_dkim(paths, canonical, key, _):
    signed = {(name, "as signed"): path.with_suffix(".maildkim") for name, path in paths.items()}
    lines = [f"{paths[name]}\t{path}\n" for (name, _), path in signed.items()]
    perl(lines, "sign", canonical, DOMAIN, SELECTOR, key)
    return signed


def verify_dkimpy(signed, record):
    def answer(_name, timeout=5):
        return record.encode()

    results = {}
    for which, path in signed.items():
        results[which] = "pass" if dkim.verify(path.read_bytes(), dnsfunc=answer) else "fail"
    return results


def verify_mail_dkim(signed, record):
    results = perl([f"{path}\n" for path in signed.values()], "verify", record)
    return dict(zip(signed, results, strict=True))


def perl(lines, *arguments):
    command = ["perl", HERE / "signatures.pl", *arguments]
    done = subprocess.run(command, input="".join(lines), stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    return done.stdout.splitlines()


def unfold(path):
    """The mail as a relay passes it on that writes each field in one line."""
    header, body = path.read_bytes().split(b"\r\n\r\n", 1)
    unfolded = path.with_suffix(path.suffix + ".unfolded")
    unfolded.write_bytes(re.sub(rb"\r\n(?=[ \t])", b"", header) + b"\r\n\r\n" + body)
    return unfolded


sys.exit(main())
