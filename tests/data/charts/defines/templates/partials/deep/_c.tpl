{{- define "order" }}deep{{ end }}{{ define "deep.only" }}from {{ .Template.Name }}{{ end }}
