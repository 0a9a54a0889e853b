using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenVdi.Cli.Demo;
using OpenVdi.Cli.Engine;

namespace OpenVdi.Cli.Output;

/// <summary>Writes and reads the one-line objects.</summary>
internal static class JsonLine
{
    // A line is read by programs and by people: quotes and letters beyond ASCII stay readable. It never meets HTML.
    private static readonly JsonLineContext s_context = new(new JsonSerializerOptions(JsonLineContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The line of an object, without its end.</summary>
    public static string Of<T>(T value)
        where T : class =>
        JsonSerializer.Serialize(value, value.GetType(), s_context);

    /// <summary>Reads a line; null when it is not such an object.</summary>
    public static T? Read<T>(string line)
        where T : class
    {
        try
        {
            return (T?)JsonSerializer.Deserialize(line, typeof(T), s_context);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The types that cross a line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = false)]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(ProgressReport))]
[JsonSerializable(typeof(BackupReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(SetReport))]
[JsonSerializable(typeof(NativeReport))]
[JsonSerializable(typeof(SweptReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(EngineReport))]
[JsonSerializable(typeof(WriterReport))]
internal sealed partial class JsonLineContext : JsonSerializerContext;
