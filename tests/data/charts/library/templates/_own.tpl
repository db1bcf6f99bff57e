{{- define "library.own" }}# own{{ end }}
{{- define "common.suffix" }}overridden{{ end }}
