"""Checksums, password hashes, derived passwords and AES.

`derivePassword` is the Master Password algorithm, `bcrypt` and `htpasswd` use cost 10, AES runs in CBC mode over a key
padded or cut to 32 bytes with the initialisation vector in front. Keys and certificates are in `certificates`. The
libraries for ciphers and passwords are imported by the functions that need them: charts use checksums everywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from steersman.core.golang.types import from_bytes, to_bytes
from steersman.core.template.funcs.encoding import decode_base64
from steersman.core.template.funcs.random import Entropy
from steersman.core.template.funcs.registry import STRING, FunctionError, FunctionTable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

TABLE = FunctionTable()

_UINT32: Final = "uint32"
_BCRYPT_COST: Final = 10
_BCRYPT_LONGEST: Final = 72
_BCRYPT_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BLOCK: Final = 16
_KEY_BYTES: Final = 32

_SCOPE: Final = b"com.lyndir.masterpassword"
_PASSWORD_TEMPLATES: Final = {
    "maximum": ("anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"),
    "long": (
        "CvcvnoCvcvCvcv",
        "CvcvCvcvnoCvcv",
        "CvcvCvcvCvcvno",
        "CvccnoCvcvCvcv",
        "CvccCvcvnoCvcv",
        "CvccCvcvCvcvno",
        "CvcvnoCvccCvcv",
        "CvcvCvccnoCvcv",
        "CvcvCvccCvcvno",
        "CvcvnoCvcvCvcc",
        "CvcvCvcvnoCvcc",
        "CvcvCvcvCvccno",
        "CvccnoCvccCvcv",
        "CvccCvccnoCvcv",
        "CvccCvccCvcvno",
        "CvcvnoCvccCvcc",
        "CvcvCvccnoCvcc",
        "CvcvCvccCvccno",
        "CvccnoCvcvCvcc",
        "CvccCvcvnoCvcc",
        "CvccCvcvCvccno",
    ),
    "medium": ("CvcnoCvc", "CvcCvcno"),
    "short": ("Cvcn",),
    "basic": ("aaanaaan", "aannaaan", "aaannaaa"),
    "pin": ("nnnn",),
}
_VOWELS: Final = "AEIOU"
_CONSONANTS: Final = "BCDFGHJKLMNPQRSTVWXYZ"
_LETTERS: Final = _VOWELS + _VOWELS.lower() + _CONSONANTS + _CONSONANTS.lower()
_PASSWORD_CHARACTERS: Final = {
    "V": _VOWELS,
    "C": _CONSONANTS,
    "v": _VOWELS.lower(),
    "c": _CONSONANTS.lower(),
    "a": _LETTERS,
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": f"{_LETTERS}0123456789!@#$%^&*()",
}


@TABLE.function("sha1sum", params=(STRING,), result=STRING)
def sha1sum(text: str) -> str:
    """SHA-1, hexadecimal."""
    return hashlib.sha1(to_bytes(text), usedforsecurity=False).hexdigest()


@TABLE.function("sha256sum", params=(STRING,), result=STRING)
def sha256sum(text: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(to_bytes(text)).hexdigest()


@TABLE.function("sha512sum", params=(STRING,), result=STRING)
def sha512sum(text: str) -> str:
    """SHA-512, hexadecimal."""
    return hashlib.sha512(to_bytes(text)).hexdigest()


@TABLE.function("adler32sum", params=(STRING,), result=STRING)
def adler32sum(text: str) -> str:
    """Adler-32, decimal."""
    return str(zlib.adler32(to_bytes(text)))


@TABLE.function("bcrypt", params=(STRING,), result=STRING, runtime=True)
def bcrypt(runtime: Entropy, password: str) -> str:
    """A bcrypt hash; a password too long for it gives the error as text."""
    data = to_bytes(password)
    if len(data) > _BCRYPT_LONGEST:
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    import bcrypt as bcrypt_library

    salt = f"$2a${_BCRYPT_COST}${_bcrypt_base64(runtime.entropy(_BLOCK))}"
    return bcrypt_library.hashpw(data, salt.encode("ascii")).decode("ascii")


def _bcrypt_base64(data: bytes) -> str:
    """Sixteen bytes in bcrypt's own order of the Base64 alphabet."""
    bits = int.from_bytes(data, "big") << 4
    return "".join(_BCRYPT_ALPHABET[bits >> shift & 63] for shift in range(126, -1, -6))


@TABLE.function("htpasswd", params=(STRING, STRING), result=STRING, runtime=True)
def htpasswd(runtime: Entropy, user: str, password: str) -> str:
    """A line of an htpasswd file."""
    if ":" in user:
        return f"invalid username: {user}"
    return f"{user}:{bcrypt(runtime, password)}"


@TABLE.function("derivePassword", params=(_UINT32, STRING, STRING, STRING, STRING), result=STRING)
def derive_password(counter: int, kind: str, password: str, user: str, site: str) -> str:
    """A password for a site from a master password; the same every time."""
    templates = _PASSWORD_TEMPLATES.get(kind)
    if templates is None:
        return f"cannot find password template {kind}"
    salt = _SCOPE + _counted(user)
    # 64 MiB: what N=32768, r=8, p=2 take, with OpenSSL's own overhead.
    key = hashlib.scrypt(to_bytes(password), salt=salt, n=32768, r=8, p=2, maxmem=2**26 + 2**20, dklen=64)
    seed = hmac.digest(key, _SCOPE + _counted(site) + (counter % 2**32).to_bytes(4, "big"), "sha256")
    template = templates[seed[0] % len(templates)]
    alphabets = [_PASSWORD_CHARACTERS[letter] for letter in template]
    return "".join(alphabet[byte % len(alphabet)] for alphabet, byte in zip(alphabets, seed[1:], strict=False))


def _counted(text: str) -> bytes:
    data = to_bytes(text)
    return len(data).to_bytes(4, "big") + data


@TABLE.function("encryptAES", params=(STRING, STRING), result=STRING, runtime=True)
def encrypt_aes(runtime: Entropy, password: str, text: str) -> str:
    """AES-256-CBC in Base64; "" stays ""."""
    if not text:
        return ""
    data = to_bytes(text)
    padding = _BLOCK - len(data) % _BLOCK
    vector = runtime.entropy(_BLOCK)
    encryptor = _aes(password, vector).encryptor()
    encrypted = encryptor.update(data + bytes((padding,)) * padding) + encryptor.finalize()
    return b64encode(vector + encrypted).decode("ascii")


@TABLE.function("decryptAES", params=(STRING, STRING), result=STRING)
def decrypt_aes(password: str, text: str) -> str:
    """What `encryptAES` encrypted; "" stays ""."""
    if not text:
        return ""
    try:
        data = decode_base64(text)
    except ValueError as error:
        raise FunctionError(str(error)) from error
    if len(data) < _BLOCK:
        room = len(text) // 4 * 3  # what Go sets aside for the decoded bytes
        raise FunctionError(f"runtime error: slice bounds out of range [:{_BLOCK}] with capacity {room}")
    if len(data) % _BLOCK:
        raise FunctionError("crypto/cipher: input not full blocks")
    decryptor = _aes(password, data[:_BLOCK]).decryptor()
    plain = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
    if not plain:
        raise FunctionError("runtime error: index out of range [-1]")
    end = len(plain) - plain[-1]
    if end < 0:
        raise FunctionError(f"runtime error: slice bounds out of range [:{end}]")
    return from_bytes(plain[:end])


def _aes(password: str, vector: bytes) -> Cipher[CBC]:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    key = to_bytes(password)[:_KEY_BYTES].ljust(_KEY_BYTES, b"\0")
    return Cipher(AES(key), CBC(vector))
