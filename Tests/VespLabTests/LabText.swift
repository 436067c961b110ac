import Testing

@testable import VespLab

/// A lab file from text, as if it were the file `lab.yaml` of the working directory.
func lab(_ text: String, path: String = "lab.yaml") throws -> LabConfiguration {
    try LabConfiguration(LabFile(path: path, bytes: Array(text.utf8)))
}

/// What is said first of a lab file that is refused.
func refusal(_ text: String) throws -> ConfigurationError {
    try #require(throws: ConfigurationError.self) { try lab(text) }
}
