{{ define "grandchild.name" }}grand-{{ .Chart.Name }}-{{ .Values.global | toJson | squote }}{{ end }}
{{ define "fullname" }}grandchild{{ end }}
