"""Certificates for the local Kafka: an authority of its own, and one certificate for all brokers of the data folder."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from queuebit_devstack.ports import LOOPBACK
from queuebit_devstack.private import write_private
from queuebit_runtime.clock import SystemClock

LIFE = timedelta(days=3650)
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """In PEM: `server` holds the brokers' key, certificate and authority, `ca` the authority that clients trust."""

    server: Path
    ca: Path


def tls_files(data_dir: Path) -> TlsFiles:
    """Where they lie in a data folder."""
    folder = data_dir / "kafka-users"
    return TlsFiles(folder / "server.pem", folder / "ca.pem")


def ensure_certificates(files: TlsFiles) -> None:
    """Make them where they are not. The authority's key is not kept: nothing else is to be signed with it."""
    if files.server.exists() and files.ca.exists():
        return
    now = SystemClock().now()
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("Queuebit local Kafka")

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public)
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + LIFE)
        )

    ca = (
        begun(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    server = (
        begun(_name("broker"), key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        # Brokers call each other, so each is a client too.
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    authority = ca.public_bytes(Encoding.PEM).decode()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    write_private(files.server, secret + server.public_bytes(Encoding.PEM).decode() + authority)
    write_private(files.ca, authority)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
