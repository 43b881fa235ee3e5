{{/* Every name begins with this: the release, shortened so that what follows fits and two releases never meet. */}}
{{- define "queuebit.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains "queuebit" $name) -}}{{- $name = printf "%s-queuebit" $name -}}{{- end -}}
{{- if gt (len $name) 36 -}}{{- $name = printf "%s-%s" (trunc 27 $name | trimSuffix "-") (trunc 8 (sha256sum .Release.Name)) -}}{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "queuebit.selector" -}}
app.kubernetes.io/name: queuebit
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "queuebit.labels" -}}
{{ include "queuebit.selector" . }}
app.kubernetes.io/version: {{ .root.Values.images.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: queuebit
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "queuebit.image" -}}
{{ .root.Values.images.registry }}/queuebit-{{ .component }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{/* A Job cannot be changed: what would change it is in its name. */}}
{{- define "queuebit.job" -}}
{{ include "queuebit.fullname" .root }}-{{ .component }}-{{ dict "values" (pick .root.Values "images" "kafka" "postgres" "namespace" "migrations" "topics") "chart" .root.Chart.Version "app" .root.Chart.AppVersion | toJson | sha256sum | trunc 8 }}
{{- end -}}
