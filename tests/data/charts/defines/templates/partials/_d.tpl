{{- define "order" }}partials{{ end }}
