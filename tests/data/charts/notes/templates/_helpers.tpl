{{ define "notes.url" }}http://{{ .Values.host }}{{ end }}
