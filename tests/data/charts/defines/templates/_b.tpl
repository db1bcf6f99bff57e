{{- define "order" }}_b.tpl{{ end }}
{{- define "outer" }}[{{ include "inner" (dict "v" .v "n" (add1 .n)) }}]{{ end }}
{{- define "inner" }}{{ if lt (int .n) 4 }}{{ include "outer" . }}{{ else }}{{ .v }}{{ end }}{{ end }}
{{- define "labels" }}
app: {{ .Chart.Name }}
release: {{ .Release.Name }}
{{- end }}
{{- define "with.args" }}
{{- $ctx := index . 0 }}{{ $name := index . 1 }}
{{- printf "%s/%s" (include "fullname" $ctx) $name }}
{{- end }}
{{- define "empty" }}{{ end }}
{{- define "" }}the empty name{{ end }}
{{- define "odd name/with: things" }}odd{{ end }}
