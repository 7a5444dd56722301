"""The mesh's certificate authority, made for one rehearsal, and what it signs for istiod."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_VALID = timedelta(days=90)


@dataclass(frozen=True)
class Authority:
    """Files of an authority, by the names that istiod asks for (istio.io, "Plug in CA")."""

    directory: Path

    @property
    def root(self) -> Path:
        """What everybody in the mesh trusts."""
        return self.directory / "root-cert.pem"

    @property
    def certificate(self) -> Path:
        """What istiod shows to proxies and to the API."""
        return self.directory / "istiod.pem"

    @property
    def key(self) -> Path:
        """The key of that certificate."""
        return self.directory / "istiod-key.pem"

    def create(self, names: Iterable[str]) -> None:
        """Write an authority, and a certificate of its for these names and IP addresses."""
        self.directory.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("rehearsed mesh")
        root = (
            _begun(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        for name in ("root-cert.pem", "ca-cert.pem", "cert-chain.pem"):
            (self.directory / name).write_bytes(root.public_bytes(serialization.Encoding.PEM))
        _write_key(self.directory / "ca-key.pem", key)
        own = ec.generate_private_key(ec.SECP256R1())
        signed = (
            _begun(_name("istiod"), subject, own.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([_general(each) for each in names]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        _write_key(self.key, own)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
