{{/* Expand the name of the chart. */}}
{{- define "webapp.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "webapp.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "webapp.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "webapp.selectorLabels" . }}
{{- if .Chart.AppVersion }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "webapp.selectorLabels" -}}
app.kubernetes.io/name: {{ include "webapp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "webapp.image" -}}
{{- $registry := .Values.image.registry -}}
{{- with (.Values.global).imageRegistry }}{{ $registry = . }}{{ end -}}
{{- $separator := ternary "@" ":" (not (empty .Values.image.digest)) -}}
{{- $ref := .Values.image.digest | default (.Values.image.tag | default .Chart.AppVersion) | toString -}}
{{- if $registry }}{{ printf "%s/%s%s%s" $registry .Values.image.repository $separator $ref }}
{{- else }}{{ printf "%s%s%s" .Values.image.repository $separator $ref }}{{ end -}}
{{- end }}

{{/* Render a value that may hold templates: include "webapp.tplvalue" (dict "value" .Values.x "context" $) */}}
{{- define "webapp.tplvalue" -}}
{{- $value := typeIs "string" .value | ternary .value (.value | toYaml) }}
{{- if contains "{{" (toJson .value) }}{{ tpl $value .context }}{{ else }}{{ $value }}{{ end }}
{{- end -}}

{{- define "webapp.ingress.apiVersion" -}}
{{- if semverCompare ">=1.19-0" .Capabilities.KubeVersion.GitVersion -}}networking.k8s.io/v1
{{- else -}}extensions/v1beta1{{- end -}}
{{- end -}}

{{- define "webapp.validate" -}}
{{- $messages := list -}}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.max) (int .Values.autoscaling.min)) -}}
{{- $messages = append $messages (printf "autoscaling.max (%v) is below autoscaling.min (%v)" .Values.autoscaling.max .Values.autoscaling.min) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- $messages = append $messages "ingress.hosts is empty" -}}
{{- end -}}
{{- $messages = without $messages "" -}}
{{- with join "\n" $messages }}{{ printf "\nVALUES VALIDATION:\n%s" . | fail }}{{ end -}}
{{- end -}}
