{{- define "common.object" -}}
apiVersion: v1
kind: {{ .kind }}
metadata:
  name: {{ .root.Values.common.prefix }}-{{ .name }}-{{ template "common.suffix" . }}
{{- end -}}
{{- define "common.suffix" }}default{{ end }}
