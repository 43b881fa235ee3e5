{{- define "queuebit.pod-security" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "queuebit.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Where Kafka is and who we are there: of `user`, whose password lies under `key` of `secret`. */}}
{{- define "queuebit.kafka-env" -}}
- {name: QUEUEBIT_KAFKA, value: {{ .root.Values.kafka.bootstrap | quote }}}
- {name: QUEUEBIT_KAFKA_SECURITY_PROTOCOL, value: {{ .root.Values.kafka.securityProtocol | quote }}}
{{- if hasPrefix "SASL_" .root.Values.kafka.securityProtocol }}
- {name: QUEUEBIT_KAFKA_SASL_MECHANISM, value: {{ .root.Values.kafka.saslMechanism | quote }}}
- {name: QUEUEBIT_KAFKA_USERNAME, value: {{ .user | quote }}}
- {name: QUEUEBIT_KAFKA_PASSWORD_FILE, value: /run/queuebit/kafka/password}
{{- end }}
{{- if and (hasSuffix "SSL" .root.Values.kafka.securityProtocol) .root.Values.kafka.caSecret }}
- {name: QUEUEBIT_KAFKA_CA_FILE, value: /run/queuebit/ca/ca.pem}
{{- end }}
{{- if .root.Values.namespace }}
- {name: QUEUEBIT_NAMESPACE, value: {{ .root.Values.namespace | quote }}}
{{- end }}
{{- end -}}

{{- define "queuebit.kafka-mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if hasPrefix "SASL_" .root.Values.kafka.securityProtocol }}
- {name: kafka-password, mountPath: /run/queuebit/kafka, readOnly: true}
{{- end }}
{{- if and (hasSuffix "SSL" .root.Values.kafka.securityProtocol) .root.Values.kafka.caSecret }}
- {name: kafka-ca, mountPath: /run/queuebit/ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "queuebit.kafka-volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 1Gi}}
{{- if hasPrefix "SASL_" .root.Values.kafka.securityProtocol }}
- name: kafka-password
  secret: {secretName: {{ .secret | quote }}, defaultMode: 288, items: [{key: {{ .key | quote }}, path: password}]}
{{- end }}
{{- if and (hasSuffix "SSL" .root.Values.kafka.securityProtocol) .root.Values.kafka.caSecret }}
- name: kafka-ca
  secret: {secretName: {{ .root.Values.kafka.caSecret | quote }}, defaultMode: 292, items: [{key: ca.pem, path: ca.pem}]}
{{- end }}
{{- end -}}

{{/* Who asks PostgreSQL: workers and the validator only for the keys of sealed data. */}}
{{- define "queuebit.asks-postgres" -}}
{{- if or (has .component (list "migrations" "gateway" "control-plane" "quantum-adapter")) (include "queuebit.seals" .) -}}yes{{- end -}}
{{- end -}}

{{/* Who seals and opens data of subjects. */}}
{{- define "queuebit.seals" -}}
{{- if and .root.Values.masterKeySecret (has .component (list "gateway" "quantum-adapter" "classical-solver" "result-validation")) -}}yes{{- end -}}
{{- end -}}

{{/* Who works with accounts of providers, and whether they come from a folder or from Vault. */}}
{{- define "queuebit.has-credentials" -}}
{{- if and .root.Values.credentialsSecret (eq .component "quantum-adapter") -}}yes{{- end -}}
{{- end -}}

{{- define "queuebit.enters-vault" -}}
{{- if and .root.Values.vault.role (eq .component "quantum-adapter") -}}yes{{- end -}}
{{- end -}}

{{- define "queuebit.postgres-env" -}}
- name: QUEUEBIT_POSTGRES
  valueFrom: {secretKeyRef: {name: {{ .root.Values.postgres.urlSecret | quote }}, key: {{ index .root.Values.postgres.keys .whose | quote }}}}
{{- end -}}

{{/* What a service is told. What is set by hand comes last, and wins. */}}
{{- define "queuebit.service-env" -}}
{{ include "queuebit.kafka-env" (dict "root" .root "user" (index .root.Values.kafka.users .component)) }}
{{- if include "queuebit.asks-postgres" . }}
{{ include "queuebit.postgres-env" (dict "root" .root "whose" .component) }}
{{- end }}
{{- if include "queuebit.seals" . }}
- {name: QUEUEBIT_MASTER_KEY_FILE, value: /run/queuebit/master/master.keys}
{{- end }}
{{- if include "queuebit.has-credentials" . }}
- {name: QUEUEBIT_QUANTUM_CREDENTIALS, value: /run/queuebit/credentials}
{{- end }}
{{- if include "queuebit.enters-vault" . }}
- {name: QUEUEBIT_QUANTUM_VAULT_ROLE, value: {{ .root.Values.vault.role | quote }}}
- {name: QUEUEBIT_QUANTUM_VAULT_JWT_FILE, value: /run/queuebit/vault/token}
{{- end }}
{{- if eq .component "gateway" }}
- name: QUEUEBIT_PEPPER
  valueFrom: {secretKeyRef: {name: {{ .root.Values.pepperSecret | quote }}, key: pepper}}
{{- with .root.Values.gateway.trustedProxies }}
- {name: QUEUEBIT_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- end }}
- name: QUEUEBIT_WORKER_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- {name: QUEUEBIT_ENVIRONMENT, value: {{ .root.Values.environment | quote }}}
- {name: QUEUEBIT_DRAIN_S, value: {{ .root.Values.drainSeconds | quote }}}
- {name: QUEUEBIT_TELEMETRY, value: {{ .root.Values.telemetry.mode | quote }}}
{{- if eq .root.Values.telemetry.mode "otlp" }}
- {name: QUEUEBIT_TRACE_RATIO, value: {{ .root.Values.telemetry.traceRatio | quote }}}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .root.Values.telemetry.endpoint | quote }}}
{{- end }}
{{- range $name, $value := .settings.env }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}
