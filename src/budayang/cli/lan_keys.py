"""A certificate authority of this machine alone, for phones in the hall: browsers give pages the camera, the place and
the service worker only over HTTPS.

Its key never leaves the folder (mode 0600). The authority is good for names and addresses of a local network only (RFC
5280 name constraints): a phone that trusts it does not trust it for a bank.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from budayang.cli.messages import Stop

AUTHORITY_D, SERVER_D, RENEW_D = 3650, 397, 30
"""Phones refuse a server's certificate of more than 398 days (Apple, 2020)."""
LOCAL_NAMES = ("lan", "local", "internal", "home.arpa")
LOCAL_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
_ADDRESS = (ipaddress.IPv4Address, ipaddress.IPv6Address)
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class LanKeys:
    """Files of the authority and of the server."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, as phones show it."""
        found = x509.load_pem_x509_certificate(self.authority.read_bytes()).fingerprint(hashes.SHA256())
        return ":".join(f"{byte:02X}" for byte in found)


def lan_address() -> str:
    """This machine's address in the network that leads out; loopback when there is none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def checked_name(name: str) -> str:
    """A host name or address as it stands in a certificate.

    Raises:
        Stop: it is none.
    """
    plain = name.strip().lower()
    if not NAME.fullmatch(plain):
        raise Stop(
            f"“{name}”不是主机名或地址。例如：./run --lan --name hall.lan",
            f"{name!r} is no host name or address. For example: ./run --lan --name hall.lan",
        )
    return plain


def make_keys(folder: Path, name: str, address: str, now: datetime) -> LanKeys:
    """The authority, made once, and a certificate of it for `name` and `address`, renewed when it ends soon.

    Raises:
        Stop: the authority that is there is not good for the name.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = LanKeys(folder)
    if not (folder / "ca.key").exists() or not keys.authority.exists():
        _make_authority(keys, name, address, now)
    authority = x509.load_pem_x509_certificate(keys.authority.read_bytes())
    names = _names(name, address)
    _require_permitted(authority, names, folder)
    if not _is_good(keys, authority, names, now):
        _make_certificate(keys, authority, names, now)
    return keys


def _names(name: str, address: str) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = [_general(name)]
    for more in (address, "127.0.0.1"):
        if _general(more) not in found:
            found.append(_general(more))
    return found


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_local(name: x509.GeneralName) -> bool:
    if isinstance(name, x509.IPAddress):
        return any(name.value in ipaddress.ip_network(one) for one in LOCAL_NETWORKS)
    return any(str(name.value) == one or str(name.value).endswith(f".{one}") for one in LOCAL_NAMES)


def _make_authority(keys: LanKeys, name: str, address: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    permitted: list[x509.GeneralName] = [x509.DNSName(one) for one in LOCAL_NAMES]
    permitted += [x509.IPAddress(ipaddress.ip_network(one)) for one in LOCAL_NETWORKS]
    for one in _names(name, address):
        if not _is_local(one):
            network = isinstance(one, x509.IPAddress)
            permitted.append(x509.IPAddress(ipaddress.ip_network(str(one.value))) if network else one)
    title = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Budayang LAN {socket.gethostname()[:40]} {now:%Y-%m}")]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(title)
        .issuer_name(title)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=AUTHORITY_D))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(keys.folder / "ca.key", key)
    keys.authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _make_certificate(keys: LanKeys, authority: x509.Certificate, names: list[x509.GeneralName], now: datetime) -> None:
    signer = serialization.load_pem_private_key((keys.folder / "ca.key").read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise _unusable(keys.folder)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value)[:64])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(min(now + timedelta(days=SERVER_D), authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write_key(keys.key, key)
    keys.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Nobody else reads it, not even for a moment."""
    path.unlink(missing_ok=True)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(plain)


def _is_good(keys: LanKeys, authority: x509.Certificate, names: list[x509.GeneralName], now: datetime) -> bool:
    """Whether the server's certificate is of this authority, for these names, and has time left."""
    if not keys.certificate.exists() or not keys.key.exists():
        return False
    kept = x509.load_pem_x509_certificate(keys.certificate.read_bytes())
    there = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    try:
        kept.verify_directly_issued_by(authority)
    except Exception:  # whatever is wrong with it, a new one is made
        return False
    return list(there) == names and kept.not_valid_after_utc > now + timedelta(days=RENEW_D)


def _require_permitted(authority: x509.Certificate, names: list[x509.GeneralName], folder: Path) -> None:
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    for name in names:
        if not any(_covers(limit, name) for limit in limits):
            raise Stop(
                f"这台机器的本地证书颁发机构不能签发 {name.value}。"
                f"请删除 {folder} 再启动，然后在每部手机上换装新的证书。",
                f"This machine's authority may not sign for {name.value}. Remove {folder}, start again, and install "
                "the new certificate on each phone.",
            )


def _covers(limit: x509.GeneralName, name: x509.GeneralName) -> bool:
    if isinstance(limit, x509.IPAddress) and isinstance(name, x509.IPAddress):
        # A limit is a network, a name's own value one address of it.
        return not isinstance(limit.value, _ADDRESS) and name.value in limit.value
    if isinstance(limit, x509.DNSName) and isinstance(name, x509.DNSName):
        return name.value == limit.value or name.value.endswith(f".{limit.value}")
    return False


def _unusable(folder: Path) -> Stop:
    return Stop(
        f"{folder} 里的密钥不能用。请删除这个文件夹再启动，然后在每部手机上换装新的证书。",
        f"The key in {folder} cannot be used. Remove the folder, start again, install the new certificate on phones.",
    )
