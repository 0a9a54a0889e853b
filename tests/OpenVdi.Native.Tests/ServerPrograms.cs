using System.Collections.Concurrent;

namespace OpenVdi.Native.Tests;

/// <summary>The C programs of the server half, each compiled once for a class of tests.</summary>
public sealed class ServerPrograms : IDisposable
{
    private readonly Compiler _compiler = new();
    private readonly ConcurrentDictionary<(string Compiler, string Name), Lazy<string>> _paths = new();

    /// <summary>The engine, compiled as C by gcc or as C++ by g++.</summary>
    public string Engine(string compiler) => compiler == "g++" ? Path(compiler, "engine_as_cxx.cpp") : Path(compiler, "engine.c");

    /// <summary>A program of one source.</summary>
    public string Path(string compiler, string source) => _paths.GetOrAdd((compiler, source), key => new Lazy<string>(
        () => _compiler.Compile(key.Compiler, System.IO.Path.GetFileNameWithoutExtension(key.Name), key.Name))).Value;

    public void Dispose() => _compiler.Dispose();
}
