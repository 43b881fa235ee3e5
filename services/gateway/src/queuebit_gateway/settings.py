"""What an operator may set for the gateway, besides what every service has."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from queuebit_gateway.access.proxies import ForwardedHeader, Proxies
from queuebit_gateway.access.strength import Strength
from queuebit_gateway.access.tokens import Issuer
from queuebit_gateway.egress.target import EgressPolicy
from queuebit_gateway.http.certificate import Certificate
from queuebit_gateway.http.guard import Bounds
from queuebit_gateway.personal_retention import KEEP_D_LEAST
from queuebit_runtime.service.insecure import guessable, is_trial
from queuebit_runtime.service.settings import RuntimeSettings, listed


class GatewaySettings(RuntimeSettings):
    """Where it listens, the secret of its keys, and what strangers may take of it before they have said who they are."""

    http_host: str = Field(default="127.0.0.1", description="The address to listen on.")
    console: bool = Field(default=True, description="Whether the console for browsers is served, at /console/.")
    http_port: Annotated[int, Field(ge=0, le=65535, description="The port to listen on; 0, any free one.")] = 8080
    pepper: Annotated[
        SecretStr,
        Field(
            min_length=16,
            description="The secret that API keys are hashed with: with another one no key opens any more, and cursors of "
            "before are refused. It has no default, so that none can be forgotten in production.",
        ),
    ]
    http_certificate_file: Annotated[
        Path | None,
        Field(
            description="The certificate of the gateway, in PEM, with those between it and its authority: HTTPS is spoken then."
            " Whoever renews it writes the files anew; they are read again while the gateway runs."
        ),
    ] = None
    http_key_file: Annotated[
        Path | None, Field(description="The key of that certificate, in PEM; none, where it stands in the same file.")
    ] = None
    http_connections_max: Annotated[
        int, Field(ge=16, le=100_000, description="Connections at once; no more than open files allow.")
    ] = 4096
    http_connections_per_address_max: Annotated[
        int, Field(ge=1, le=100_000, description="Of those, from one address; trusted proxies are not bounded by it.")
    ] = 512
    http_head_timeout_s: Annotated[
        float, Field(gt=0, le=600, description="Until the headers of a request are there, from its first byte.")
    ] = 10.0
    http_body_timeout_s: Annotated[
        float, Field(gt=0, le=3600, description="Until the body is there, from the end of the headers.")
    ] = 30.0
    http_write_timeout_s: Annotated[
        float, Field(gt=0, le=3600, description="How long a reader may leave what was written before it is hung up on.")
    ] = 30.0
    http_keep_alive_s: Annotated[
        int, Field(ge=1, le=3600, description="How long a connection may idle between two requests.")
    ] = 20
    trusted_proxies: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(listed),
        Field(
            description="Addresses and networks (CIDR), parted by commas, whose word on the client's address is believed."
        ),
    ] = ()
    forwarded_header: Annotated[
        ForwardedHeader,
        Field(description="Where a trusted proxy writes the client's address; the other header is ignored."),
    ] = "x-forwarded-for"

    personal_keep_d: Annotated[
        int,
        Field(
            ge=0,
            le=36_500,
            description=f"For how many days data of subjects is kept, at least {KEEP_D_LEAST}: what was sealed longer ago "
            "opens no more. 0: until somebody erases it.",
        ),
    ] = 0
    webhooks: Annotated[
        bool,
        Field(
            description="Whether this process sends webhooks. Several may; where none does they wait, and none is lost."
        ),
    ] = True
    operations: Annotated[
        bool,
        Field(
            description="Whether bulk operations may be prepared and started over HTTP; `queuebit-operations`, which must be "
            "installed beside, runs them in this process. Its PostgreSQL user must be one who appends events, which that of a "
            "gateway is not: give it to a gateway that operators alone reach."
        ),
    ] = False
    hardware_roles: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(listed),
        Field(
            description="Roles and duties, parted by commas, of those whose jobs may go to quantum hardware and other "
            "providers, such as admin,hardware. Jobs of others stay within the installation. Empty: of whoever may submit."
        ),
    ] = ()
    egress_allow: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(listed),
        Field(
            description="Networks (CIDR), parted by commas, that webhooks may reach though they are not public, by any port "
            "and without TLS too: receivers of your own house, or 127.0.0.0/8 while you try things."
        ),
    ] = ()

    oidc_issuer: str = Field(
        default="",
        description="The identity provider whose tokens are taken beside API keys, as their claim `iss` names it. Empty: none.",
    )
    oidc_audience: str = Field(default="queuebit", description="What the claim `aud` of its tokens must name.")
    oidc_keys_url: str = Field(
        default="",
        description="Where its public keys are (JWKS): https, public, or in a network of QUEUEBIT_EGRESS_ALLOW.",
    )
    oidc_tenant_claim: str = Field(default="tenant", description="The claim that names the tenant.")
    oidc_role_claim: str = Field(default="role", description="The claim that names the role, or a list with roles.")
    oidc_acr: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)] = Field(
        default=(),
        description="Levels at which people must have signed in, parted by commas: the claim `acr` is one of them. Empty: any.",
    )
    oidc_amr: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)] = Field(
        default=(),
        description="Means by which they must have, such as mfa: the claim `amr` names each of them. Empty: any.",
    )
    oidc_auth_age_s_max: float = Field(
        default=0.0, ge=0, description="How long ago they may have signed in, by the claim `auth_time`. 0: whenever."
    )

    @field_validator("personal_keep_d")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < KEEP_D_LEAST:
            raise ValueError(f"should be 0, or at least {KEEP_D_LEAST} days")
        return days

    @model_validator(mode="after")
    def _issuer_has_keys(self) -> GatewaySettings:
        if self.oidc_issuer and not self.oidc_keys_url:
            raise ValueError("QUEUEBIT_OIDC_KEYS_URL is needed with QUEUEBIT_OIDC_ISSUER")
        return self

    @model_validator(mode="after")
    def _pepper_is_secret(self) -> Self:
        found = guessable("QUEUEBIT_PEPPER", self.pepper.get_secret_value())
        if found is not None and not is_trial(self.environment):
            raise ValueError(f"{found} QUEUEBIT_ENVIRONMENT is {self.environment}.")
        return self

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> Self:
        if self.http_key_file is not None and self.http_certificate_file is None:
            raise ValueError(
                "QUEUEBIT_HTTP_KEY_FILE is set without its certificate: set QUEUEBIT_HTTP_CERTIFICATE_FILE."
            )
        self.certificate()
        return self

    @field_validator("egress_allow")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        Proxies(value)
        return value

    def proxies(self) -> Proxies:
        return Proxies(self.trusted_proxies, self.forwarded_header)

    def certificate(self) -> Certificate | None:
        """The gateway's own, where it has one. Raises BadCertificate."""
        if self.http_certificate_file is None:
            return None
        return Certificate(self.http_certificate_file, self.http_key_file)

    def issuer(self) -> Issuer | None:
        if not self.oidc_issuer:
            return None
        return Issuer(
            self.oidc_issuer,
            self.oidc_audience,
            self.oidc_keys_url,
            self.oidc_tenant_claim,
            self.oidc_role_claim,
            Strength(self.oidc_acr, self.oidc_amr, self.oidc_auth_age_s_max),
        )

    def egress(self) -> EgressPolicy:
        return EgressPolicy(allowed=tuple(map(ip_network, self.egress_allow)))

    def bounds(self) -> Bounds:
        return Bounds(
            connections_max=self.http_connections_max,
            connections_per_address_max=self.http_connections_per_address_max,
            requests_max=2 * self.http_connections_max,
            head_timeout_s=self.http_head_timeout_s,
            body_timeout_s=self.http_body_timeout_s,
            write_timeout_s=self.http_write_timeout_s,
        )
