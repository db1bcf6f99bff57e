{{- define "fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "order" }}_a.tpl{{ end }}
{{- define "blank.in.parent" }}   {{/* blank */}}
{{ end }}
{{ define "twice" }}{{ end }}
{{ define "twice" }}the one with a body{{ end }}
